// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/csv.hpp"

#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::model {
namespace {

// What one row is about. `process` is null in rows of devices, `memory` where a pool's memory has no row.
struct Row {
    const Snapshot& snapshot;
    const Device* device;
    const Memory* memory;
    const Process* process;
    const PoolUsage& usage;
};

struct Definition {
    Column column;
    std::string (*value)(const Row&);
    bool of_region = false;  // tt-metal's regions know it too
};

std::string number(std::uint64_t value) { return std::to_string(value); }

template <typename T>
std::string or_empty(const std::optional<T>& value) {
    if (!value) {
        return {};
    }
    if constexpr (std::is_same_v<T, std::string>) {
        return *value;
    } else {
        return std::to_string(*value);
    }
}

std::string yes_no(bool value) { return value ? "1" : "0"; }

constexpr bool kOfProcess = true;
constexpr bool kOfAny = false;
constexpr bool kOfRegion = true;

const Definition kDefinitions[] = {
    {{"timestamp", "", kOfAny},
     [](const Row& r) { return format_iso_time(r.snapshot.time_unix_ns); },
     kOfRegion},
    {{"device", "", kOfAny}, [](const Row& r) { return device_word(r.usage.device); }, kOfRegion},
    {{"device_name", "", kOfAny},
     [](const Row& r) { return r.device != nullptr ? or_empty(r.device->name) : std::string(); },
     kOfRegion},
    {{"image", "", kOfProcess}, [](const Row& r) { return image_word(r.process->image); }},
    {{"parent_image", "", kOfProcess},
     [](const Row& r) {
         return r.process->parent_image != 0 ? image_word(r.process->parent_image) : std::string();
     }},
    {{"pid", "", kOfProcess}, [](const Row& r) { return or_empty(r.process->pid); }, kOfRegion},
    {{"uid", "", kOfProcess}, [](const Row& r) { return number(r.process->uid); }},
    {{"user", "", kOfProcess}, [](const Row& r) { return or_empty(r.process->user); }},
    {{"name", "", kOfProcess}, [](const Row& r) { return or_empty(r.process->name); }, kOfRegion},
    {{"command", "", kOfProcess}, [](const Row& r) { return or_empty(r.process->command); }},
    {{"state", "", kOfProcess},
     [](const Row& r) { return std::string(r.process->exited ? "exited" : "running"); }},
    {{"origin", "", kOfProcess},
     [](const Row& r) { return std::string(origin_word(r.process->origin)); },
     kOfRegion},
    {{"start_time", "ns", kOfProcess},
     [](const Row& r) { return or_empty(r.process->start_unix_ns); }},
    {{"pool", "", kOfAny}, [](const Row& r) { return r.usage.pool_name; }, kOfRegion},
    {{"memory", "", kOfAny}, [](const Row& r) { return memory_word(r.usage.memory); }, kOfRegion},
    {{"capacity", "bytes", kOfAny},
     [](const Row& r) {
         return r.memory != nullptr ? or_empty(r.memory->capacity) : std::string();
     },
     kOfRegion},
    {{"allocated", "bytes", kOfAny},
     [](const Row& r) { return number(r.usage.current); },
     kOfRegion},
    {{"peak", "bytes", kOfAny}, [](const Row& r) { return number(r.usage.peak); }},
    {{"total_allocated", "bytes", kOfAny},
     [](const Row& r) { return number(r.usage.total_allocated); }},
    {{"total_freed", "bytes", kOfAny}, [](const Row& r) { return number(r.usage.total_freed); }},
    {{"freed_by_exit", "bytes", kOfAny},
     [](const Row& r) { return number(r.usage.freed_by_exit); }},
    {{"live", "", kOfAny}, [](const Row& r) { return number(r.usage.live); }},
    {{"allocations", "", kOfAny}, [](const Row& r) { return number(r.usage.allocations); }},
    {{"frees", "", kOfAny}, [](const Row& r) { return number(r.usage.frees); }},
    {{"exact", "", kOfAny}, [](const Row& r) { return yes_no(r.usage.exact); }},
    {{"peak_exact", "", kOfAny}, [](const Row& r) { return yes_no(r.usage.peak_exact); }},
};

const Definition* find_definition(std::string_view name) {
    const auto* found = std::find_if(std::begin(kDefinitions), std::end(kDefinitions),
                                     [&](const Definition& d) { return d.column.name == name; });
    return found == std::end(kDefinitions) ? nullptr : found;
}

const Device* find_device(const Snapshot& snapshot, std::uint32_t device) {
    const auto found = std::find_if(snapshot.devices.begin(), snapshot.devices.end(),
                                    [&](const Device& d) { return d.device == device; });
    return found == snapshot.devices.end() ? nullptr : &*found;
}

const Memory* find_memory(const Device* device, std::uint32_t memory) {
    if (device == nullptr) {
        return nullptr;
    }
    const auto found = std::find_if(device->memories.begin(), device->memories.end(),
                                    [&](const Memory& m) { return m.memory == memory; });
    return found == device->memories.end() ? nullptr : &*found;
}

std::vector<std::string> values(const Snapshot& snapshot, const Process* process,
                                const PoolUsage& usage,
                                const std::vector<const Definition*>& wanted) {
    const Device* device = find_device(snapshot, usage.device);
    const Row row{snapshot, device, find_memory(device, usage.memory), process, usage};
    std::vector<std::string> fields;
    fields.reserve(wanted.size());
    const bool of_region = process != nullptr && process->origin == TIDEMARK_ORIGIN_REGION;
    for (const Definition* definition : wanted) {
        fields.push_back(of_region && !definition->of_region ? "" : definition->value(row));
    }
    return fields;
}

PoolUsage told(const Region& region, std::uint32_t pool, std::uint32_t memory, const char* name,
               std::uint64_t current) {
    PoolUsage usage;
    usage.device = region.device;
    usage.pool = pool;
    usage.memory = memory;
    usage.pool_name = name;
    usage.current = current;
    return usage;
}

// A program that only tt-metal's region tells of, as far as that says.
Process program_of(const Region& region) {
    Process process;
    process.pid = region.pid;
    process.name = region.name;
    process.origin = TIDEMARK_ORIGIN_REGION;
    process.usage = {
        told(region, TIDEMARK_POOL_DRAM, TIDEMARK_MEMORY_DRAM, "DRAM", region.dram),
        told(region, TIDEMARK_POOL_L1, TIDEMARK_MEMORY_L1, "L1", region.l1),
        told(region, TIDEMARK_POOL_L1_SMALL, TIDEMARK_MEMORY_L1, "L1_SMALL", region.l1_small),
        told(region, TIDEMARK_POOL_TRACE, TIDEMARK_MEMORY_DRAM, "TRACE", region.trace),
        told(region, TIDEMARK_POOL_CB, TIDEMARK_MEMORY_L1, "CB", region.cb)};
    return process;
}

// Names come from other programs: what could drive a terminal does not get through.
std::string quoted(const std::string& raw) {
    std::string field = printable(raw);
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
        return field;
    }
    std::string text = "\"";
    for (const char c : field) {
        text += c == '"' ? "\"\"" : std::string(1, c);
    }
    return text + "\"";
}

}  // namespace

const std::vector<Column>& columns() {
    static const std::vector<Column> all = [] {
        std::vector<Column> list;
        for (const Definition& definition : kDefinitions) {
            list.push_back(definition.column);
        }
        return list;
    }();
    return all;
}

const std::vector<std::string>& default_columns() {
    static const std::vector<std::string> names = {
        "device",          "pool",        "memory", "capacity",    "allocated", "peak",
        "total_allocated", "total_freed", "live",   "allocations", "frees",     "exact",
        "peak_exact"};
    return names;
}

std::string first_unknown_column(const std::vector<std::string>& names) {
    const auto unknown = std::find_if(names.begin(), names.end(), [](const std::string& name) {
        return find_definition(name) == nullptr;
    });
    return unknown == names.end() ? std::string() : *unknown;
}

std::vector<std::vector<std::string>> select(const Snapshot& snapshot,
                                             const std::vector<std::string>& names) {
    std::vector<const Definition*> wanted;
    wanted.reserve(names.size());
    for (const std::string& name : names) {
        wanted.push_back(find_definition(name));
    }
    std::vector<std::vector<std::string>> rows;
    if (std::any_of(wanted.begin(), wanted.end(),
                    [](const Definition* d) { return d->column.of_process; })) {
        for (const Process& process : snapshot.processes) {
            for (const PoolUsage& usage : process.usage) {
                rows.push_back(values(snapshot, &process, usage, wanted));
            }
        }
        if (std::find(names.begin(), names.end(), "origin") == names.end()) return rows;
        for (const Region& region : snapshot.regions) {
            if (!region.pid || region.instrumented) continue;
            const Process process = program_of(region);
            for (const PoolUsage& usage : process.usage)
                if (usage.current != 0) rows.push_back(values(snapshot, &process, usage, wanted));
        }
        return rows;
    }
    for (const Device& device : snapshot.devices) {
        for (const PoolUsage& usage : device.pools) {
            rows.push_back(values(snapshot, nullptr, usage, wanted));
        }
    }
    return rows;
}

std::string csv_header(const std::vector<std::string>& names, bool units) {
    std::vector<std::string> fields;
    for (const std::string& name : names) {
        const std::string unit(find_definition(name)->column.unit);
        fields.push_back(units && !unit.empty() ? name + " [" + unit + "]" : name);
    }
    return csv_line(fields);
}

std::string csv_line(const std::vector<std::string>& fields) {
    std::string line;
    for (const std::string& field : fields) {
        line += (&field == fields.data() ? "" : ",") + quoted(field);
    }
    return line;
}

}  // namespace tidemark::model
