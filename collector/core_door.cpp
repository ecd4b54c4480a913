// SPDX-License-Identifier: Apache-2.0
#include "collector/core_door.hpp"

#include <utility>

namespace tidemark::collector {

void CoreDoor::rings(std::vector<RingNews> news) {
    core_.post([news = std::move(news)](Core& core) {
        for (const RingNews& ring : news) {
            if (ring.kind == RingNews::Kind::kAppeared) {
                core.ring_appeared(ring.name);
            } else {
                core.ring_released(ring.name);
            }
        }
    });
}

void CoreDoor::rescan() {
    core_.post([](Core& core) { core.rescan(); });
}

void CoreDoor::processes_ended(std::vector<EndedProcess> ended) {
    core_.post([ended = std::move(ended)](Core& core) {
        for (const EndedProcess& process : ended) {
            core.process_ended(process.image, process.ending);
            if (process.lost.allocations + process.lost.frees != 0)
                core.lost_without_ring(process.lost);
        }
    });
}

void CoreDoor::regions(std::vector<tidemark_region_row> rows) {
    core_.post([rows = std::move(rows)](Core& core) mutable { core.regions(std::move(rows)); });
}

void CoreDoor::leaks_recorded(std::vector<std::uint64_t> images) {
    core_.post([images = std::move(images)](Core& core) {
        for (const std::uint64_t image : images)
            core.leaks_recorded(image);
    });
}

void CoreDoor::request_stop() { core_.request_stop(); }

void CoreDoor::ask_running(std::function<void(std::size_t)> answer) {
    core_.post([&loop = loop_, answer = std::move(answer)](Core& core) {
        loop.post([answer, running = core.running()] { answer(running); });
    });
}

void CoreDoor::ask_flush(std::function<void(FlushAnswer)> answer) {
    core_.post([&loop = loop_, answer = std::move(answer)](Core& core) {
        FlushAnswer result;
        result.pass = core.flush();
        result.running = core.running();
        loop.post([answer, result] { answer(result); });
    });
}

void CoreDoor::ask_clean(std::function<void(std::vector<std::string>)> answer) {
    core_.post([&loop = loop_, answer = std::move(answer)](Core& core) {
        loop.post([answer, removed = core.clean()] { answer(removed); });
    });
}

}  // namespace tidemark::collector
