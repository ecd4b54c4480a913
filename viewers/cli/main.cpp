// SPDX-License-Identifier: Apache-2.0
//
// `tidemark`, all that a person types. Everything lives in the library beside it, so that tests can call it.
#include "viewers/cli/command.hpp"

int main(int argc, char** argv) { return tidemark::cli::run_main(argc, argv); }
