// SPDX-License-Identifier: Apache-2.0
//
// The door to the core: hands questions to the drain thread with Core::post and brings answers back to the event loop.
#pragma once

#include "collector/core.hpp"
#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"

namespace tidemark::collector {

class CoreDoor final : public DrainDoor {
public:
    // Both must outlive the door.
    CoreDoor(Core& core, EventLoop& loop) : core_(core), loop_(loop) {}

    void rings(std::vector<RingNews> news) override;
    void rescan() override;
    void processes_ended(std::vector<EndedProcess> ended) override;
    void regions(std::vector<tidemark_region_row> rows) override;
    void leaks_recorded(std::vector<std::uint64_t> images) override;
    void request_stop() override;
    void ask_running(std::function<void(std::size_t)> answer) override;
    void ask_flush(std::function<void(FlushAnswer)> answer) override;
    void ask_clean(std::function<void(std::vector<std::string>)> answer) override;

private:
    Core& core_;
    EventLoop& loop_;
};

}  // namespace tidemark::collector
