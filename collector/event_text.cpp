// SPDX-License-Identifier: Apache-2.0
#include "collector/event_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "collector/plain_text.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::collector {
namespace {

using Kind = SinkRecord::Kind;

std::string_view operation(Kind kind) {
    switch (kind) {
        case Kind::kAllocation:
            return "alloc";
        case Kind::kFree:
            return "free";
        case Kind::kLeak:
            return "leak";
        case Kind::kStart:
            return "start";
        case Kind::kExec:
            return "exec";
        case Kind::kExit:
            break;
    }
    return "exit";
}

bool concerns_buffer(Kind kind) {
    return kind == Kind::kAllocation || kind == Kind::kFree || kind == Kind::kLeak;
}

template <typename Number>
void append_number(std::string& out, Number number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    out.append(digits, end);
}

void append_image(std::string& out, std::uint64_t image) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4)
        out += kDigits[(image >> shift) & 15];
}

void append_text(std::string& out, std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    if (plain) {
        out.append("\"").append(text).append("\"");
    } else {
        out += plain_json(
            nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
}

void append_buffer(std::string& out, const SinkRecord& record, std::string_view stack) {
    out += ",\"device\":";
    if (record.device == TIDEMARK_DEVICE_HOST) {
        out += "\"host\"";
    } else {
        append_number(out, record.device);
    }
    out += ",\"pool\":";
    append_text(out, pool_name_of(record));
    out += ",\"id\":";
    append_number(out, record.id);
    out += ",\"size\":";
    if (record.size == kUnknown) {
        out += "null";
    } else {
        append_number(out, record.size);
    }
    if (record.kind != Kind::kLeak) return;
    out += ",\"age_ms\":";
    append_number(out, record.age_ns / 1'000'000);
    out.append(",\"stack\":").append(stack);
}

void append_ending(std::string& out, const SinkRecord& record) {
    switch (record.ending) {
        case TIDEMARK_ENDING_EXITED:
            out += ",\"ending\":\"exited\",\"exit_status\":";
            break;
        case TIDEMARK_ENDING_KILLED:
            out += ",\"ending\":\"killed\",\"signal\":";
            break;
        case TIDEMARK_ENDING_CRASHED:
            out += ",\"ending\":\"crashed\",\"signal\":";
            break;
        case TIDEMARK_ENDING_EXECUTED:
            out += ",\"ending\":\"executed\"";
            return;
        default:
            out += ",\"ending\":null";
            return;
    }
    append_number(out, record.ending_code);
}

template <typename Value>
bool listed(const std::vector<Value>& list, const Value& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::string pool_name_of(const SinkRecord& record) {
    return {record.pool_name, strnlen(record.pool_name, sizeof(record.pool_name))};
}

void append_event(std::string& out, const SinkRecord& record, std::string_view stack) {
    out += "{\"time_unix_ns\":";
    append_number(out, record.time_unix_ns);
    out.append(",\"op\":\"").append(operation(record.kind)).append("\",\"image\":\"");
    append_image(out, record.image);
    out += "\",\"sequence\":";
    append_number(out, record.sequence);
    out += ",\"pid\":";
    append_number(out, record.pid);
    if (concerns_buffer(record.kind)) {
        append_buffer(out, record, stack);
    } else if (record.kind != Kind::kStart) {
        out += ",\"left_bytes\":";
        append_number(out, record.size);
        out += ",\"left_buffers\":";
        append_number(out, record.id);
        append_ending(out, record);
    }
    out += "}\n";
}

void append_dropped(std::string& out, std::uint64_t count) {
    out += "{\"op\":\"dropped\",\"count\":";
    append_number(out, count);
    out += "}\n";
}

bool EventFilter::wants(const SinkRecord& record) const {
    if (!listed(pids, std::int64_t{record.pid})) return false;
    if (!concerns_buffer(record.kind)) return true;
    return listed(devices, record.device) && (pools.empty() || listed(pools, pool_name_of(record)));
}

}  // namespace tidemark::collector
