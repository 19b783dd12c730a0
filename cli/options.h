// options.h -- the command line: parses it, prints help and usage errors, and calls the sub-command. The only user of CLI11.
#pragma once

namespace proveout {

int run_command(int argc, char** argv);

}  // namespace proveout
