// SPDX-License-Identifier: Apache-2.0
//
// What a ring's header hands over besides records: declarations, lanes, mappings, and the consumer's mark. The
// producer's stores against the collector's Ring, both as they are.
#include <cstring>
#include <memory>

#include "models/parts.hpp"
#include "producer/declarations.cpp"

#include "collector/drain/ring.hpp"
#include "producer/modules.hpp"
#include "shm/bell_ring.hpp"

namespace tidemark::model {
namespace {

using collector::Ring;

alignas(4096) std::byte memory_of_ring[shm::kBlocksOffset + 1024];
std::unique_ptr<Ring> ring;
shm::BellPage page;
producer::ModuleTable modules;

shm::RingHeader& header() { return *reinterpret_cast<shm::RingHeader*>(memory_of_ring); }
shm::Lane* lanes() { return reinterpret_cast<shm::Lane*>(memory_of_ring + shm::kLanesOffset); }
shm::Declarations& declarations() {
    return *reinterpret_cast<shm::Declarations*>(memory_of_ring + shm::kDeclarationsOffset);
}

void begin() {
    share(memory_of_ring, sizeof(shm::RingHeader));
    // The rest stays zero, and nobody has to wait for who looks at it.
    share(&declarations().pools[0], sizeof(shm::PoolDeclaration));
    share(&declarations().devices[0], sizeof(shm::DeviceDeclaration));
    share(lanes(), 4 * sizeof(shm::Lane));
    share(memory_of_ring + shm::kBlocksOffset, 1024);
    share(&page, 128 + 2 * sizeof(shm::BellSlot));
    shm::model_segment = memory_of_ring;
    shm::model_segment_bytes = sizeof memory_of_ring;
    ring.reset(new Ring);
    header().consumer_slot = -1;
}

// As Registry::refresh_declarations: asked whenever the count moves.
std::uint32_t count_seen;
shm::Declarations seen;
void refresh() {
    const std::uint32_t count = ring->declaration_count();
    if (count == count_seen) return;
    count_seen = count;
    seen = ring->declarations();
    if (seen.pools[0].ready == 1)
        require(seen.pools[0].memory == 1 && std::strcmp(seen.pools[0].name, "pool") == 0,
                "a pool is whole");
    const shm::DeviceDeclaration& device = seen.devices[0];
    if (device.ready == 1) {
        require(device.device == 3, "a device is whole");
        require(device.name[0] == 0 || std::strcmp(device.name, "name") == 0,
                "a name is absent or whole");
        require(device.capacity[0] == 0 || device.capacity[0] == 5,
                "a capacity is absent or whole");
    }
}
void begin_declarations() {
    begin();
    count_seen = 0;
    seen = {};
}
void declare_pool() {
    shm::PoolDeclaration pool{};
    pool.memory = 1;
    std::strcpy(pool.name, "pool");
    producer::publish_pool(declarations().pools[0], pool);
}
void declare_device_in_steps() {
    shm::DeviceDeclaration device{};
    device.device = 3;
    device.capacity[0] = 5;
    producer::publish_device(declarations().devices[0], device);
    std::strcpy(device.name, "name");
    producer::publish_device(declarations().devices[0], device);
}
void declare_device_at_once() {
    shm::DeviceDeclaration device{};
    device.device = 3;
    std::strcpy(device.name, "name");
    producer::publish_device(declarations().devices[0], device);
    device.capacity[0] = 5;
    producer::publish_device(declarations().devices[0], device);
}
void refresh_twice() {
    refresh();
    refresh();
}
void all_is_known() {
    refresh();
    require(seen.devices[0].ready == 1 && seen.devices[0].name[0] == 'n' &&
                seen.devices[0].capacity[0] == 5,
            "whatever was declared is known in the end");
}
void pool_is_known() {
    refresh();
    require(seen.pools[0].ready == 1, "whatever was declared is known in the end");
}

// producer/thread_lanes.cpp writes the descriptor, then lanes_used; here its store is the collector's own proxy's.
void attach() { ring->announce(1, 9); }
void judge_collector() {
    // Attached, to a slot without a heartbeat: who sees the mark and not the slot would take it for a poller.
    require(!shm::collector_lives(&page, header(), 1), "who sees it attached sees its slot");
}

void begin_modules() {
    begin();
    share(&modules.used, sizeof modules.used);
    modules.modules = reinterpret_cast<shm::Module*>(memory_of_ring + shm::kBlocksOffset);
}
void add_module() {
    shm::RawRing raw;
    raw.base = memory_of_ring;
    shm::Module module{};
    module.begin = 7;
    modules.add(raw, module, 0);
}
void read_module() {
    shm::Module copy;
    if (ring->modules_used() != 1) return;
    std::memcpy(&copy, memory_of_ring + shm::kBlocksOffset, sizeof copy);
    require(copy.begin == 7, "a mapping is whole");
}
void nothing() {}

// A look at all declarations is many loads.
Thread long_one(void (*run)()) { return {run, false, -1, nullptr, 5000}; }

}  // namespace

void add_header_models(std::vector<Model>& all) {
    all.push_back({"pool's declaration",
                   "and the producer may die",
                   begin_declarations,
                   {{declare_pool, true}, long_one(refresh_twice)},
                   nothing});
    all.push_back({"pool that is declared",
                   "is known in the end",
                   begin_declarations,
                   {{declare_pool}, long_one(refresh)},
                   pool_is_known});
    all.push_back({"device's declaration",
                   "capacity, then name",
                   begin_declarations,
                   {{declare_device_in_steps}, long_one(refresh)},
                   all_is_known});
    all.push_back({"device's declaration at once",
                   "name, then capacity",
                   begin_declarations,
                   {{declare_device_at_once}, long_one(refresh)},
                   all_is_known});
    all.push_back(
        {"attach", "slot, then the mark", begin, {{attach, true}, {judge_collector}}, nothing});
    all.push_back({"mappings",
                   "an entry, then their number",
                   begin_modules,
                   {{add_module}, {read_module}},
                   nothing});
}

}  // namespace tidemark::model
