// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/guard.hpp"

#include <arpa/inet.h>
#include <strings.h>

#include <algorithm>

#include "viewers/web/limits.hpp"
#include "viewers/web/parameters.hpp"

namespace tidemark::web {
namespace {

constexpr std::string_view kCookie = "tidemark_token";
constexpr std::string_view kBearer = "Bearer ";

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_port(std::string_view text) {
    return text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "name:80" -> "name"; "[::1]:80" -> "[::1]". Empty if it is neither.
std::string_view without_port(std::string_view host) {
    const std::size_t name_end = host.empty() || host.front() != '[' ? 0 : host.find(']');
    if (name_end == std::string_view::npos) {
        return {};
    }
    const std::size_t colon = host.find(':', name_end);
    if (colon == std::string_view::npos) {
        return host;
    }
    return is_port(host.substr(colon + 1)) ? host.substr(0, colon) : std::string_view();
}

bool is_address(std::string_view name) {
    in6_addr address{};
    if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
        const std::string inner(name.substr(1, name.size() - 2));
        return inet_pton(AF_INET6, inner.c_str(), &address) == 1;
    }
    return inet_pton(AF_INET, std::string(name).c_str(), &address) == 1;
}

// "http://host:port" of the page that asks is the host that is asked.
bool same_origin(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.substr(0, scheme.size()) == scheme) {
            return same_word(origin.substr(scheme.size()), host);
        }
    }
    return false;
}

std::string_view cookie_of(const Request& request) {
    std::string_view cookies = request.header("cookie");
    while (!cookies.empty()) {
        const std::size_t end = std::min(cookies.find(';'), cookies.size());
        std::string_view cookie = cookies.substr(0, end);
        cookie.remove_prefix(std::min(cookie.find_first_not_of(' '), cookie.size()));
        if (cookie.substr(0, kCookie.size()) == kCookie &&
            cookie.substr(kCookie.size(), 1) == "=") {
            return cookie.substr(kCookie.size() + 1);
        }
        cookies.remove_prefix(std::min(end + 1, cookies.size()));
    }
    return {};
}

bool authorized(const Request& request, const std::string& token) {
    const std::string_view header = request.header("authorization");
    const bool bearer = same_word(header.substr(0, kBearer.size()), kBearer);
    return same_token(bearer ? header.substr(kBearer.size()) : cookie_of(request), token);
}

// Paths that a stranger may ask: whether it lives, and to log in.
bool needs_no_token(const std::string& path) { return path == "/health" || path == "/login"; }

}  // namespace

Response method_refused() {
    Response response = error_response(
        405, "only GET and HEAD are understood: this server reads, and changes nothing",
        "ask with GET; what acts is a verb of `tidemark`");
    response.close = true;
    return response.with("Allow", "GET, HEAD");
}

bool same_token(std::string_view given, std::string_view expected) {
    unsigned char difference = given.size() == expected.size() ? 0 : 1;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char other = expected.empty() ? '\0' : expected[i % expected.size()];
        difference = static_cast<unsigned char>(difference | (given[i] ^ other));
    }
    return difference == 0 && !expected.empty();
}

bool usable_token(std::string_view token) {
    return token.size() >= kTokenBytes && std::all_of(token.begin(), token.end(), [](char c) {
               return c > ' ' && c < 0x7f && c != ';' && c != ',' && c != '"' && c != '\\';
           });
}

bool host_allowed(std::string_view host, const std::vector<std::string>& names) {
    const std::string_view name = without_port(host);
    return same_word(name, "localhost") || is_address(name) ||
           std::any_of(names.begin(), names.end(),
                       [&](const std::string& known) { return same_word(name, known); });
}

std::optional<Response> refuse(const Request& request, const Access& access) {
    const std::string_view host = request.header("host");
    if (request.count("host") != 1) {
        const bool none = request.count("host") == 0;
        Response response =
            none ? error_response(400, "the request has no Host header",
                                  "send one, such as `Host: localhost`")
                 : error_response(400, "the request has more than one Host header", "send it once");
        response.close = true;
        return response;
    }
    const std::string_view authority = request.target.authority;
    if (!authority.empty() && !host_allowed(authority, access.names)) {
        return error_response(403, "the address in the request names another machine",
                              "ask for a path such as /; this server is no proxy");
    }
    if (!host_allowed(host, access.names)) {
        return error_response(
            403, "the Host header names another machine",
            "ask by address or as localhost, or start with --host NAME to allow a name");
    }
    const std::string_view origin = request.header("origin");
    if (request.count("origin") > 1 || (!origin.empty() && !same_origin(origin, host))) {
        return error_response(403, "the request comes from a page of another origin",
                              "pages of other sites can't read this server; ask without a browser");
    }
    if (!access.token.empty() && !needs_no_token(request.target.path) &&
        !authorized(request, access.token)) {
        return error_response(
                   401, "a token is needed, and none or another one was given",
                   "send `Authorization: Bearer TOKEN`; in a browser open /login?token=TOKEN once")
            .with("WWW-Authenticate", "Bearer");
    }
    return std::nullopt;
}

Response login(const Request& request, const Access& access) {
    Parameters parameters(request.target, {"token"});
    const std::string token = parameters.text("token");
    if (parameters.problem()) {
        return *parameters.problem();
    }
    if (!access.token.empty() && !same_token(token, access.token)) {
        return error_response(401, "that is not the token",
                              "take the one that the server was started with");
    }
    Response response;
    response.status = 303;
    response.content_type.clear();
    response.with("Location", "/").with("Cache-Control", "no-store");
    if (!access.token.empty()) {
        response.with("Set-Cookie", std::string(kCookie) + '=' + access.token +
                                        "; HttpOnly; SameSite=Strict; Path=/");
    }
    return response;
}

}  // namespace tidemark::web
