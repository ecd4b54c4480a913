// SPDX-License-Identifier: Apache-2.0
//
// Who may ask at all: the checks that stand before every route. A page of another site must not read through the
// browser of somebody who can reach this server, also not by a name that was made to point here (DNS rebinding).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viewers/web/message.hpp"

namespace tidemark::web {

struct Access {
    std::string token;  // empty: none is needed
    std::vector<std::string>
        names;  // that Host may have besides localhost, addresses and this machine's name
};

// The answer that refuses the request; nothing if it may pass.
std::optional<Response> refuse(const Request& request, const Access& access);

// To all methods but GET and HEAD.
Response method_refused();

// GET /login?token=...: sets the cookie that stands for the Authorization header in a browser.
Response login(const Request& request, const Access& access);

// Takes a time that depends on the length of `given` alone.
bool same_token(std::string_view given, std::string_view expected);

// Whether a Host header names this machine in a way that no stranger's DNS can: an address, localhost, or one of
// `names`; with or without a port.
bool host_allowed(std::string_view host, const std::vector<std::string>& names);

// Characters that a header and a cookie carry as they are, and at least kTokenBytes of them.
bool usable_token(std::string_view token);

}  // namespace tidemark::web
