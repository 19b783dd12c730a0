#include "options.h"

int main(int argc, char** argv) { return proveout::run_command(argc, argv); }
