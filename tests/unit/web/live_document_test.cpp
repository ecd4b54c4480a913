// SPDX-License-Identifier: Apache-2.0
//
// What the texts of changes add up to, over histories made by chance: programs that allocate, begin, end and are
// forgotten, and come back under the same image.
#include "viewers/web/live_document.hpp"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "viewers/model/snapshot_json.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::test {
namespace {

using Json = nlohmann::ordered_json;

model::Process process_of(std::uint64_t image) {
    model::Process process;
    process.image = image;
    process.pid = static_cast<std::int32_t>(image % 50);
    process.name = "a \"quoted\" näme \x7F \xFF";
    process.usage.resize(2);
    process.usage[1].device = TIDEMARK_DEVICE_HOST;
    return process;
}

// A machine as it goes on.
class History {
public:
    explicit History(unsigned seed) : chance_(seed) {
        now.collector.state = model::CollectorState::kRunning;
        now.devices.resize(2);
        now.regions.resize(1);
    }

    // One step; `changed`: as a reading tells it, unless it does not know.
    void step(std::vector<std::size_t>& changed, bool& is_known) {
        is_known = below(4) != 0;
        ++now.time_unix_ns;
        now.devices[below(2)].conflicts = below(3);
        for (std::size_t i = 0; i < now.processes.size(); ++i) {
            if (below(5) != 0) continue;
            now.processes[i].usage[below(2)].current = below(3);  // often what it was
            now.processes[i].exited = below(8) == 0;
            changed.push_back(i);
        }
        if (is_known) return;
        while (below(2) == 0 && !now.processes.empty()) {
            now.processes.erase(now.processes.begin() +
                                static_cast<std::ptrdiff_t>(below(now.processes.size())));
        }
        while (below(2) == 0)
            appear(1 + below(30));
        model::sort(now);
    }

    std::size_t below(std::size_t limit) { return chance_() % limit; }

    model::Snapshot now;

private:
    void appear(std::uint64_t image) {
        for (const model::Process& process : now.processes) {
            if (process.image == image) return;
        }
        now.processes.push_back(process_of(image));
    }

    std::mt19937 chance_;
};

// Somebody who applies what he gets.
struct Viewer {
    void get(const web::LiveDocument& live, const model::Snapshot& now, const std::string& new_id) {
        std::string text;
        const bool changes = live.write_since(id, now, text);
        if (!changes) live.write_whole(now, text);
        Json document = Json::parse(text);
        if (!changes) processes.clear();
        if (changes) {
            for (const Json& image : document["removed"])
                processes.erase(image);
            document.erase("removed");
        }
        for (Json& process : document["processes"])
            processes[process["image"]] = process;
        document.erase("processes");
        rest = std::move(document);
        id = new_id;
        whole_ones += changes ? 0 : 1;
    }
    void compare(const model::Snapshot& now) const {
        Json document = Json::parse(model::dump(model::to_json(now), -1));
        std::map<std::string, Json> expected;
        for (Json& process : document["processes"])
            expected[process["image"]] = process;
        document.erase("processes");
        CHECK(processes == expected);
        CHECK(rest == document);
    }

    std::string id;
    std::map<std::string, Json> processes;
    Json rest;
    int whole_ones = 0;
};

TEST_CASE("the whole text is the document of a query, byte for byte") {
    History history(7);
    web::LiveDocument live;
    for (int i = 0; i < 50; ++i) {
        std::vector<std::size_t> changed;
        bool is_known = false;
        history.step(changed, is_known);
        live.update(history.now, std::to_string(i), is_known ? &changed : nullptr);
        std::string text;
        live.write_whole(history.now, text);
        CHECK(text == model::dump(model::to_json(history.now), -1));
    }
}

TEST_CASE("all changes applied give exactly the snapshot of that moment") {
    for (unsigned seed = 0; seed < 8; ++seed) {
        History history(seed);
        web::LiveDocument live;
        std::vector<Viewer> viewers(4);  // each looks less often than the one before
        std::string id = "first";
        for (int i = 0; i < 120; ++i) {
            std::vector<std::size_t> changed;
            bool is_known = false;
            history.step(changed, is_known);
            // The same name may come again: a collector that stalled and went on.
            if (history.below(6) != 0) id = std::to_string(history.below(2) == 0 ? i : i / 3);
            live.update(history.now, id, is_known ? &changed : nullptr);
            for (std::size_t v = 0; v < viewers.size(); ++v) {
                if (history.below(1 + 3 * v) != 0) continue;
                viewers[v].get(live, history.now, id);
                viewers[v].compare(history.now);
            }
        }
        for (const Viewer& viewer : viewers)
            CHECK(viewer.whole_ones == 1);
    }
}

TEST_CASE("a text is made for what changed alone") {
    History history(3);
    for (std::uint64_t image = 1; image <= 20; ++image) {
        history.now.processes.push_back(process_of(image));
    }
    web::LiveDocument live;
    live.update(history.now, "a", nullptr);
    CHECK(live.texts() == 20);
    history.now.processes[4].events = 1;
    const std::vector<std::size_t> changed{4};
    live.update(history.now, "b", &changed);
    CHECK(live.texts() == 21);
}

TEST_CASE("an event that is too long ago is not known any more") {
    History history(1);
    web::LiveDocument live;
    const std::vector<std::size_t> none;
    for (std::size_t i = 0; i <= web::kStreamEvents; ++i) {
        live.update(history.now, "event " + std::to_string(i), &none);
    }
    std::string text;
    CHECK_FALSE(live.write_since("event 0", history.now, text));
    CHECK_FALSE(live.write_since("", history.now, text));
    CHECK(text.empty());
    CHECK(live.write_since("event 1", history.now, text));
}

}  // namespace
}  // namespace tidemark::test
