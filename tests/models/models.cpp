// SPDX-License-Identifier: Apache-2.0
#include "models/models.hpp"

#include "models/parts.hpp"

namespace tidemark::model {

const std::vector<Model>& models() {
    static const std::vector<Model> all = [] {
        std::vector<Model> list;
        add_lane_models(list);
        add_latch_models(list);
        add_bell_models(list);
        add_thread_models(list);
        add_journal_models(list);
        add_account_models(list);
        add_private_models(list);
        add_monitor_models(list);
        add_header_models(list);
        add_split_models(list);
        add_start_models(list);
        add_flush_models(list);
        add_handler_models(list);
        add_kill_point_models(list);
        return list;
    }();
    return all;
}

}  // namespace tidemark::model
