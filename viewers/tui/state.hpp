// SPDX-License-Identifier: Apache-2.0
//
// What a person chose to see, and what update() makes of a key. No terminal and no clock in here: a key and a world give
// the next state, and what is to be done besides.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "viewers/tui/screen.hpp"
#include "viewers/tui/settings.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::tui {

// A character as itself, or one of these.
enum Key : char32_t {
    kUp = 0x110000,
    kDown,
    kLeft,
    kRight,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
    kF1,
    kF9,
    kF10,
};

enum class View { kProcesses, kDetail, kLeaks };
enum class Overlay { kNone, kHelp, kColumns, kUsers, kSignal, kConfirm };
enum class Panels { kAuto, kLarge, kSmall, kNone };  // kAuto: large where they fit

// The figures at the moment that `m` marked; everything is shown as the change since. What came later started at 0.
struct Mark {
    std::uint64_t unix_ns = 0;
    std::unordered_map<PoolKey, model::PoolUsage, PoolKeyHash> pools;
    std::unordered_map<std::uint64_t, Sums> sums;  // by image
    std::uint64_t opened = 0;  // image whose sizes were known: that which was open
    SizeCounts sizes{};
};
Mark mark_of(const World& world);

// Whom a signal is meant for, as it was when it was chosen.
struct Target {
    std::int32_t pid = 0;
    std::uint64_t start_ticks = 0;  // 0: unknown, so nothing can be sent
    std::string name;
    int signal = 0;
};

struct State {
    Size size;
    bool ascii = false;
    bool readonly = false;
    std::uint64_t interval_ms = 1000;
    Settings settings;

    View view = View::kProcesses;
    Overlay overlay = Overlay::kNone;
    Panels panels = Panels::kAuto;
    std::size_t device_line = 0;         // the first shown, of large ones that do not fit
    std::size_t overlay_line = 0;        // chosen in it, or, of help, the first shown
    std::vector<Column> columns_before;  // when their chooser was opened
    bool shows_exited = false;  // also what ended and left nothing, or went on as another program
    bool paused = false;
    std::string filter;
    bool is_filter_edited = false;
    std::optional<std::uint32_t> uid;

    std::uint64_t selected = 0;    // image; 0: the first row
    std::size_t selected_row = 0;  // where it was seen last, should it be gone
    std::size_t first_row = 0;
    std::set<std::uint64_t> collapsed;  // images whose children are hidden

    std::uint64_t opened = 0;     // image in View::kDetail
    std::size_t detail_line = 0;  // the first shown
    std::optional<Mark> mark;
    Target target;
    std::string message;  // shown until the next key
};

enum class Effect {
    kNone,
    kQuit,
    kSave,    // the settings changed
    kSignal,  // send state.target.signal
    kOpen,    // read the process that was opened
    kRead,    // read now: it was paused until here
};

Effect update(State& state, char32_t key, const World& world);

// Signals that F9 offers, in its order.
struct SignalChoice {
    int number;
    const char* name;
    const char* meaning;
};
const std::vector<SignalChoice>& signal_choices();

// Owners of the processes, each once, by name.
struct UserChoice {
    std::uint32_t uid;
    std::string name;
};
std::vector<UserChoice> users_of(const model::Snapshot& snapshot);

// All columns as the chooser lists them: those shown, in their order, then the others.
std::vector<Column> listed_columns(const Settings& settings);

}  // namespace tidemark::tui
