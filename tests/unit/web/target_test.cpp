// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/target.hpp"

#include <doctest/doctest.h>

#include "unit/web/request.hpp"
#include "viewers/web/limits.hpp"
#include "viewers/web/parameters.hpp"

namespace tidemark::test {
namespace {

using web::parse_target;

TEST_CASE("a target is taken apart at slashes, question mark and ampersands, then decoded") {
    const auto target = parse_target("/a/b%2Fc/?x=1&y=a+b%26&x=2&&z");
    REQUIRE(target);
    CHECK(target->segments == std::vector<std::string>{"a", "b/c", ""});
    CHECK(target->parameter("x") == "2");
    CHECK(target->parameter("y") == "a b&");
    CHECK(target->parameter("z") == "");
    CHECK_FALSE(target->parameter("w"));
}

TEST_CASE("what is no path is refused: broken escapes, NUL, control characters, other forms") {
    for (const char* text : {"", "a", "*", "/%", "/%4", "/%zz", "/%00", "/a b", "/a\tb", "/a\x7f",
                             "/a#b", "/?x=%zz", "/?%00=1", "/\xff"}) {
        CHECK_FALSE_MESSAGE(parse_target(text), text);
    }
}

TEST_CASE("a whole address is a path of the host that it names") {
    const auto target = parse_target("HTTP://localhost:9497/a?x=1");
    REQUIRE(target);
    CHECK(target->authority == "localhost:9497");
    CHECK(target->path == "/a");
    CHECK(parse_target("http://localhost?x=1")->path == "/");
    CHECK(parse_target("http://localhost?x=1")->parameter("x") == "1");
    CHECK(parse_target("/a")->authority.empty());
    for (const char* text :
         {"http://", "http:///a", "http://?x", "https://localhost/", "http:/a"}) {
        CHECK_FALSE_MESSAGE(parse_target(text), text);
    }
}

TEST_CASE("a broken escape is told from what else is no target") {
    for (const char* text : {"/%", "/%4", "/?x=%zz", "/%00"}) {
        CHECK_MESSAGE(web::has_broken_escape(text), text);
    }
    CHECK_FALSE(web::has_broken_escape("a%20%25"));
}

TEST_CASE("an empty number, one that is too low, and two where one is taken are wrong") {
    for (const char* text :
         {"/x?pid=", "/x?device=", "/x?pid=1&pid=", "/x?limit=", "/x?limit=1&limit=2",
          "/x?sort=size&sort=pid", "/x?name=a&name=b", "/x?ms=99"}) {
        const web::Request wrong = request(text);
        web::Parameters parameters(wrong.target,
                                   {"pid", "device", "limit", "sort", "name", "ms", "offset"});
        parameters.filter();
        parameters.page(web::kPageEntries);
        parameters.one_of("sort", {"size", "pid"});
        parameters.text("name");
        parameters.number("ms", 500, 60000, 100);
        REQUIRE_MESSAGE(parameters.problem(), text);
        CHECK(parameters.problem()->status == 400);
    }
}

TEST_CASE("dots are segments like any other") {
    CHECK(parse_target("/../x/./y")->segments == std::vector<std::string>{"..", "x", ".", "y"});
    CHECK(parse_target("/%2e%2e%2fx")->path == "/../x");
}

TEST_CASE("the first wrong parameter is told, with what it takes") {
    const web::Request wrong = request("/x?limit=1001&sort=colour");
    web::Parameters parameters(wrong.target, {"limit", "offset", "sort"});
    parameters.page(web::kPageEntries);
    parameters.one_of("sort", {"size", "pid"});
    REQUIRE(parameters.problem());
    CHECK(parameters.problem()->status == 400);
    CHECK(parameters.problem()->body.bytes().find("limit takes a whole number up to 1000") !=
          std::string_view::npos);
}

TEST_CASE("a parameter that a route does not have is wrong") {
    const web::Request wrong = request("/x?colour=red");
    CHECK(web::Parameters(wrong.target, {"limit"}).problem()->status == 400);
}

TEST_CASE("lists may be repeated or have commas, pages have defaults") {
    const web::Request made = request("/x?device=0,host&device=2&pid=7&pool=DRAM,,L1");
    web::Parameters parameters(made.target, {"device", "pid", "pool", "limit", "offset"});
    const model::Filter filter = parameters.filter();
    const web::Page page = parameters.page(web::kPageEntries);
    CHECK_FALSE(parameters.problem());
    CHECK(filter.devices == std::vector<std::uint32_t>{0, TIDEMARK_DEVICE_HOST, 2});
    CHECK(filter.pids == std::vector<std::int32_t>{7});
    CHECK(filter.pools == std::vector<std::string>{"DRAM", "L1"});
    CHECK(page.offset == 0);
    CHECK(page.limit == web::kDefaultEntries);
}

}  // namespace
}  // namespace tidemark::test
