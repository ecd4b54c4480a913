// SPDX-License-Identifier: Apache-2.0
//
// The schema: the JSON inside the stats segment that names every field of every table, so that a reader without this
// repository's headers can decode it. Made from the field lists of stats_abi.h, so it can't disagree with the structs.
// For the collector and the tests; a reader takes the schema from the segment.
//
//     {"schema":1,"tables":[{"table":0,"name":"collector","fields":[
//         {"name":"pass","type":"u64","offset":0,"count":1,"array":false,"unit":"","doc":"..."}, ...]}, ...]}
//
// `offset` is in the payload, in bytes; `count` is the number of elements; types as in stats_abi.h. Keys are only
// ever added.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tidemark/stats_abi.h"

namespace tidemark {

namespace schema_detail {

inline void append_text(std::string& json, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    json += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (json += '\\') += c;
        } else if (byte < 0x20) {
            ((json += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
        } else {
            json += c;
        }
    }
    json += '"';
}

struct Field {
    std::string_view type, name, unit, doc;
    std::size_t offset, count;
    bool array;
};

inline void append_field(std::string& json, const Field& field) {
    json += json.back() == '[' ? "{\"name\":" : ",{\"name\":";
    append_text(json, field.name);
    json += ",\"type\":";
    append_text(json, field.type);
    json += ",\"offset\":" + std::to_string(field.offset);
    json += ",\"count\":" + std::to_string(field.count);
    json += field.array ? ",\"array\":true,\"unit\":" : ",\"array\":false,\"unit\":";
    append_text(json, field.unit);
    json += ",\"doc\":";
    append_text(json, field.doc);
    json += '}';
}

inline void begin_table(std::string& json, int table, std::string_view name) {
    json += json.back() == '[' ? "{\"table\":" : ",{\"table\":";
    json += std::to_string(table) + ",\"name\":";
    append_text(json, name);
    json += ",\"fields\":[";
}

}  // namespace schema_detail

// Compact JSON, ASCII if the field lists are, without a terminating zero or newline.
inline std::string stats_schema() {
    std::string json = "{\"schema\":1,\"tables\":[";
#define TIDEMARK_SCHEMA_F(type, name, unit, doc) \
    schema_detail::append_field(json, {#type, #name, unit, doc, offsetof(Row, name), 1, false});
#define TIDEMARK_SCHEMA_A(type, name, count, unit, doc) \
    schema_detail::append_field(json, {#type, #name, unit, doc, offsetof(Row, name), count, true});
#define TIDEMARK_X(ID, table_name, capacity)                                     \
    {                                                                            \
        using Row = tidemark_##table_name##_row;                                 \
        schema_detail::begin_table(json, TIDEMARK_TABLE_##ID, #table_name);      \
        TIDEMARK_FIELDS_##ID(TIDEMARK_SCHEMA_F, TIDEMARK_SCHEMA_A) json += "]}"; \
    }
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
#undef TIDEMARK_SCHEMA_F
#undef TIDEMARK_SCHEMA_A
    json += "]}";
    return json;
}

}  // namespace tidemark
