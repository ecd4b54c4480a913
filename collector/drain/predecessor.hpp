// SPDX-License-Identifier: Apache-2.0
//
// What another version of the collector left under this instance's names, and this one can't read: it is kept, byte for
// byte, under other names that the log tells, and the collector starts without it.
#pragma once

#include <string>

namespace tidemark::collector {

// Before the ledger is opened. One that is not understood is set aside with every account: their journal is in it, so a
// pass that was not finished could not be undone. One that was never finished is removed.
void set_strange_ledger_aside(const std::string& instance);

// Frees the name of an account that could not be made because something is there: one that its maker did not finish
// is removed, anything else of ours is set aside, what is not ours root takes back. True: try again.
bool free_account_name(const std::string& instance, const std::string& name);

// True if its maker was killed before it wrote the magic: it holds nothing.
bool was_never_finished(const std::string& name);

}  // namespace tidemark::collector
