// SPDX-License-Identifier: Apache-2.0
//
// A collector that only looks like one, and the server's parts that read it.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "unit/viewers/fake_collector.hpp"
#include "unit/web/request.hpp"
#include "viewers/web/router.hpp"

namespace tidemark::test {

using Json = nlohmann::json;

struct WebWorld {
    explicit WebWorld(const char* name) : collector(std::string("web") + name) {
        a_busy_machine(collector);
        model::SourceOptions options;
        options.instance = collector.instance();
        publication.emplace(options);
        router.emplace(*publication, web::Access{});
    }

    web::Response ask(const std::string& target) {
        return response_of(router->answer(request(target)));
    }
    Json json(const std::string& target) {
        const web::Response response = ask(target);
        CHECK_MESSAGE(response.status == 200, target);
        return Json::parse(response.body.bytes());
    }
    // As a collector does when a program allocates.
    void publish(std::uint64_t pass) {
        tidemark_usage_row row =
            usage_row<tidemark_usage_row>(1, 0, 0, "", {pass, pass, pass, 1, 1, 0});
        row.pass = pass;
        collector.add(row);
        end_pass(pass);
    }
    // The process of that row has another name.
    void publish_process(std::uint64_t pass, std::uint32_t index, std::uint64_t image,
                         const char* name) {
        tidemark_process_row row = process_row(image, 100, name, name);
        row.pass = pass;
        row.in_use = 1;
        collector.put(index, row);
        end_pass(pass);
    }
    // The row holds nobody any more.
    void free_process(std::uint64_t pass, std::uint32_t index) {
        tidemark_process_row row{};
        row.pass = pass;
        collector.put(index, row);
        end_pass(pass);
    }
    void end_pass(std::uint64_t pass) {
        collector.header().pass_begun = collector.header().pass_ended = pass;
    }

    FakeCollector collector;
    std::optional<web::Publication> publication;
    std::optional<web::Router> router;
};

}  // namespace tidemark::test
