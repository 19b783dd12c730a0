#include "camotics/camotics.h"
#include <gtest/gtest.h>
