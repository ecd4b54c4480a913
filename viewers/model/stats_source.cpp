// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/stats_source.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

#include "viewers/model/names.hpp"
#include "viewers/model/rows.hpp"

namespace tidemark::model {
namespace {

// A busy collector publishes every few hundred microseconds; a read takes less than that but for huge tables.
constexpr int kTriesForOneMoment = 8;

std::uint64_t now_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::optional<StatsReader> open_reader(const SourceOptions& options, std::string* error) {
    return StatsReader::open_trusting(options.instance, options.trusted_uid.value_or(geteuid()),
                                      error);
}

// Whether the failure was that no segment of that name exists; asked anew, since the sentence is for people.
bool is_missing(const SourceOptions& options) {
    tidemark_reader raw{};
    const char* name = options.instance ? options.instance->c_str() : nullptr;
    const int error = tidemark_reader_open(&raw, name);
    tidemark_reader_close(&raw);
    return error == TIDEMARK_READER_NO_SEGMENT;
}

bool by_default(const SourceOptions& options) {
    const char* named = std::getenv("TIDEMARK_INSTANCE");
    return !options.instance && (named == nullptr || *named == '\0');
}

}  // namespace

std::uint64_t unix_now_ns() { return now_ns(CLOCK_REALTIME); }
std::uint64_t monotonic_now_ns() { return now_ns(CLOCK_MONOTONIC); }

std::optional<StatsSource> StatsSource::open(const SourceOptions& options, Error& error) {
    auto reader = open_reader(options, &error.text);
    if (!reader) {
        error.missing = is_missing(options);
        return std::nullopt;
    }
    // The user's own collector ended, but the system's runs: that is the one a person means.
    if (by_default(options) && is_gone(collector_state(*reader)) &&
        reader->instance() != "system") {
        auto system = StatsReader::open("system");
        if (system && system->state() == TIDEMARK_COLLECTOR_RUNNING) {
            reader = std::move(system);
        }
    }
    return StatsSource(options, std::move(*reader));
}

bool StatsSource::may_be_replaced() const {
    const CollectorState state = collector_state(reader_);
    return reader_.superseded() || is_gone(state);
}

void StatsSource::follow() {
    if (!may_be_replaced()) {
        return;
    }
    // A collector that is just starting may not have published its segment yet: the old one serves until then.
    SourceOptions same = options_;
    same.instance = std::string(reader_.instance());
    if (auto newer = open_reader(same, nullptr)) {
        reader_ = std::move(*newer);
        read_moment_.reset();
        rows_known_ = false;
    }
}

Snapshot StatsSource::read() {
    follow();
    Snapshot snapshot;
    std::uint64_t moment = 0;
    for (int tries = 0; tries < kTriesForOneMoment && !snapshot.consistent; ++tries) {
        moment = reader_.moment();
        snapshot = read_snapshot(reader_);
    }
    read_moment_ = snapshot.consistent ? std::optional(moment) : std::nullopt;
    begun_moment_ = moment;
    rows_known_ = false;
    sort(snapshot);
    return snapshot;
}

bool StatsSource::refresh(Snapshot& last) {
    follow();
    if (!read_moment_ || !reader_.unchanged_since(*read_moment_)) {
        last = read();
        return true;
    }
    last.time_unix_ns = unix_now_ns();
    last.collector = read_collector(reader_);
    return false;
}

StatsSource::Refreshed StatsSource::refresh_in_place(Snapshot& last, const Filter& filter) {
    follow();
    Refreshed done;
    if (read_moment_ && reader_.unchanged_since(*read_moment_)) {
        last.time_unix_ns = unix_now_ns();
        last.collector = read_collector(reader_);
        return done;
    }
    if (!rows_known_) {
        rows_.remember(reader_, last, filter, begun_moment_);
        rows_known_ = true;
    }
    done.news = read_changes(last, done.processes) ? News::kFigures : News::kAll;
    if (done.news == News::kAll) {
        last = read();
    }
    return done;
}

bool StatsSource::read_changes(Snapshot& last, std::vector<std::size_t>& processes) {
    if (reader_.header().generation != last.collector.generation) {
        return false;
    }
    for (int tries = 0; tries < kTriesForOneMoment; ++tries) {
        const std::uint64_t moment = reader_.moment();
        bool whole = true;
        last.time_unix_ns = unix_now_ns();
        last.collector = read_collector(reader_);
        last.devices.clear();
        last.regions.clear();
        read_devices(reader_, last.devices, whole);
        read_regions(reader_, last.regions, whole);
        if (!rows_.update(reader_, last, processes)) {
            return false;
        }
        last.consistent = whole && reader_.unchanged_since(moment);
        read_moment_ = last.consistent ? std::optional(moment) : std::nullopt;
        if (last.consistent) break;
    }
    sort_devices(last);
    return true;
}

}  // namespace tidemark::model
