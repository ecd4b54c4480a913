// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/snapshot_text.hpp"

#include "tidemark/stats_abi.h"
#include "viewers/model/json_text.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

std::optional<std::string_view> or_nothing(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

void add_device(JsonText& out, std::uint32_t device) {
    if (device == TIDEMARK_DEVICE_HOST) {
        out.field("device", "host");
    } else {
        out.field("device", device);
    }
}

void add_pool(JsonText& out, const PoolUsage& usage) {
    out.field("pool", usage.pool_name);
    out.field("memory", memory_word(usage.memory));
    out.field("allocated", usage.current);
    out.field("peak", usage.peak);
    out.field("total_allocated", usage.total_allocated);
    out.field("total_freed", usage.total_freed);
    out.field("live", usage.live);
    out.field("allocations", usage.allocations);
    out.field("frees", usage.frees);
    out.field("exact", usage.exact);
    out.field("peak_exact", usage.peak_exact);
    out.field("freed_by_exit", usage.freed_by_exit);
    out.field("superseded", usage.superseded);
}

void add_usage(JsonText& out, const std::vector<PoolUsage>& usages) {
    out.key("usage").open('[');
    for (const PoolUsage& usage : usages) {
        out.open('{');
        add_device(out, usage.device);
        add_pool(out, usage);
        out.close('}');
    }
    out.close(']');
}

void add_identity(JsonText& out, const Process& process) {
    out.field("image", image_word(process.image));
    out.field("parent_image", process.parent_image != 0
                                  ? std::optional(image_word(process.parent_image))
                                  : std::nullopt);
    out.field("pid", process.pid);
    out.field("start_time", process.start_unix_ns);
    out.field("uid", process.uid);
    out.field("user", process.user);
    out.field("name", process.name);
    out.field("command", process.command);
    out.field("state", process.exited ? "exited" : "running");
}

void add_ending(JsonText& out, const Process& process) {
    const auto code = [&](bool is_told) {
        return is_told ? std::optional(process.ending_code) : std::nullopt;
    };
    out.field("ending", or_nothing(ending_word(process.ending)));
    out.field("exit_status", code(process.ending == TIDEMARK_ENDING_EXITED));
    out.field("signal", code(process.ending == TIDEMARK_ENDING_KILLED ||
                             process.ending == TIDEMARK_ENDING_CRASHED));
}

}  // namespace

std::string text_of(const Device& device) {
    std::string text;
    JsonText out(text);
    out.open('{');
    add_device(out, device.device);
    out.field("name", device.name);
    out.field("arch", or_nothing(architecture_name(device.arch)));
    out.key("memories").open('[');
    for (const Memory& memory : device.memories) {
        out.open('{');
        out.field("memory", memory_word(memory.memory));
        out.field("capacity", memory.capacity);
        out.field("allocated", memory.allocated);
        out.close('}');
    }
    out.close(']');
    out.key("pools").open('[');
    for (const PoolUsage& usage : device.pools) {
        out.open('{');
        add_pool(out, usage);
        out.close('}');
    }
    out.close(']');
    out.close('}');
    return text;
}

std::string text_of(const Process& process) {
    std::string text;
    JsonText out(text);
    out.open('{');
    add_identity(out, process);
    add_usage(out, process.usage);
    out.field("unknown_frees", process.unknown_frees);
    out.field("inherited_frees", process.inherited_frees);
    out.field("duplicates", process.duplicates);
    add_lost(out, process.lost);
    out.field("exit_time", process.exit_unix_ns);
    out.field("events", process.events);
    out.field("exact", process.exact);
    out.field("ambiguous_frees", process.ambiguous_frees);
    out.field("gap_consequences", process.gap_consequences);
    out.field("clock_steps", process.clock_steps);
    add_ending(out, process);
    out.field("origin", origin_word(process.origin));
    out.field("quarantine", or_nothing(quarantine_words(process.quarantine)));
    out.field("sandboxed", process.sandboxed);
    out.close('}');
    return text;
}

std::string text_of(const Region& region) {
    std::string text;
    JsonText out(text);
    out.open('{');
    // Beyond what JSON's numbers hold exactly.
    out.field("region", std::to_string(region.region));
    out.field("device", region.device);
    out.field("remote", region.is_remote);
    out.field("pid", region.pid);
    out.field("name", or_nothing(region.name));
    out.field("instrumented", region.instrumented);
    out.key("pools").open('{');
    out.field("DRAM", region.dram);
    out.field("L1", region.l1);
    out.field("L1_SMALL", region.l1_small);
    out.field("TRACE", region.trace);
    out.field("CB", region.cb);
    out.close('}');
    out.close('}');
    return text;
}

}  // namespace tidemark::model
