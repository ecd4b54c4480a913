// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/guard.hpp"

#include <doctest/doctest.h>

#include "unit/web/request.hpp"
#include "viewers/web/admission.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::test {
namespace {

using namespace std::chrono_literals;

const std::string kToken = "0123456789abcdef-token";

int status_of(const web::Request& made, const web::Access& access = {}) {
    const auto refused = web::refuse(made, access);
    return refused ? refused->status : 200;
}

TEST_CASE("a host is an address, localhost or a name that was allowed") {
    for (const char* host :
         {"localhost", "LocalHost:1", "127.0.0.1:9497", "10.1.2.3", "[::1]:80", "[fe80::1]"}) {
        CHECK_MESSAGE(web::host_allowed(host, {}), host);
    }
    for (const char* host : {"", ":80", "evil.example", "localhost.", "127.0.0.1.evil.example",
                             "[::1", "::1", "localhost:99999999", "localhost:8o", "[]", "1.2.3"}) {
        CHECK_FALSE_MESSAGE(web::host_allowed(host, {}), host);
    }
    CHECK(web::host_allowed("Node7.example:9497", {"node7.example"}));
}

TEST_CASE("a whole address names a host that is allowed, as its Host header does") {
    CHECK(status_of(request("http://127.0.0.1:9497/health")) == 200);
    for (const char* target : {"http://evil.example/", "http://localhost@evil.example/"}) {
        CHECK_MESSAGE(status_of(request(target)) == 403, target);
    }
}

TEST_CASE("a request without Host is told that it has none") {
    web::Request made = request("/");
    made.headers.clear();
    const auto refused = web::refuse(made, {});
    REQUIRE(refused);
    CHECK(refused->status == 400);
    CHECK(refused->body.bytes().find("has no Host header") != std::string_view::npos);
}

TEST_CASE("a page of another origin is refused, the server's own is not") {
    CHECK(status_of(request("/", {{"origin", "http://localhost:9497"}})) == 200);
    CHECK(status_of(request("/", {{"origin", "https://localhost:9497"}})) == 200);
    for (const char* origin :
         {"null", "http://localhost", "http://evil.example", "ftp://localhost:9497"}) {
        CHECK_MESSAGE(status_of(request("/", {{"origin", origin}})) == 403, origin);
    }
    CHECK(status_of(request("/", {{"host", "localhost"}})) == 400);  // a second one
}

TEST_CASE("where a token is needed, nothing but the token itself lets in") {
    const web::Access access{kToken, {}};
    CHECK(status_of(request("/"), access) == 401);
    CHECK(status_of(request("/health"), access) == 200);
    CHECK(status_of(request("/", {{"authorization", "Bearer " + kToken}}), access) == 200);
    CHECK(status_of(request("/", {{"authorization", "bearer " + kToken}}), access) == 200);
    CHECK(status_of(request("/", {{"cookie", "a=b; tidemark_token=" + kToken}}), access) == 200);
    for (const std::string& given :
         {std::string(), kToken.substr(1), kToken + kToken, kToken + "x"}) {
        CHECK_MESSAGE(
            status_of(request("/", {{"authorization", "Bearer " + given}}), access) == 401, given);
    }
    CHECK(status_of(request("/", {{"cookie", "xtidemark_token=" + kToken}}), access) == 401);
    CHECK_FALSE(web::same_token("", ""));
}

TEST_CASE("a token is long and fits a header and a cookie") {
    CHECK(web::usable_token(kToken));
    for (const char* token :
         {"", "short", "with space 0123456789", "semicolon;0123456789", "quote\"0123456789abc"}) {
        CHECK_FALSE_MESSAGE(web::usable_token(token), token);
    }
}

TEST_CASE("an address has so many connections, and all together so many") {
    web::Admission admission;
    for (std::size_t i = 0; i < web::kConnectionsPerAddress; ++i) {
        REQUIRE(admission.enter("10.0.0.1"));
    }
    CHECK_FALSE(admission.enter("10.0.0.1"));
    CHECK(admission.enter("10.0.0.2"));
    admission.leave("10.0.0.1");
    CHECK(admission.enter("10.0.0.1"));
    std::size_t entered = admission.connections();
    for (std::size_t i = 0;
         admission.enter("10.1." + std::to_string(i / 200) + "." + std::to_string(i % 200)); ++i) {
        ++entered;
    }
    CHECK(entered == web::kConnections);
}

TEST_CASE("an address asks in bursts, and then as often as its bucket fills") {
    web::Admission admission;
    REQUIRE(admission.enter("10.0.0.1"));
    const auto start = web::Clock::now() + 1h;
    std::size_t allowed = 0;
    while (admission.allow("10.0.0.1", start)) {
        ++allowed;
    }
    CHECK(allowed == static_cast<std::size_t>(web::kRequestBurst));
    for (allowed = 0; admission.allow("10.0.0.1", start + 1s);) {
        ++allowed;
    }
    CHECK(allowed == static_cast<std::size_t>(web::kRequestsPerSecond));
}

TEST_CASE("addresses that rest are forgotten, so that their number has a bound") {
    web::Admission admission;
    for (std::size_t i = 0; i < 2 * web::kAddresses; ++i) {
        const std::string address = "10." + std::to_string(i / 65536) + "." +
                                    std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
        REQUIRE(admission.enter(address));
        admission.leave(address);
    }
    CHECK(admission.connections() == 0);
}

TEST_CASE("beyond the addresses that are remembered nobody enters, until one of them rests") {
    web::Admission admission;
    const auto later = web::Clock::now() + 1h;  // so that no bucket is full again meanwhile
    for (std::size_t i = 0; i < web::kAddresses; ++i) {
        const std::string address =
            "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
        REQUIRE(admission.enter(address));
        REQUIRE(admission.allow(address, later));
        admission.leave(address);
    }
    CHECK_FALSE(admission.enter("10.9.0.1"));
    CHECK(admission.connections() == 0);
}

TEST_CASE("the addresses of one IPv6 network count as one") {
    CHECK(web::peer_key("2001:db8::1") == web::peer_key("2001:db8::ffff:1"));
    CHECK(web::peer_key("2001:db8::1") != web::peer_key("2001:db8:0:1::1"));
    CHECK(web::peer_key("10.0.0.1") != web::peer_key("10.0.0.2"));
}

}  // namespace
}  // namespace tidemark::test
