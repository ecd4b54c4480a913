// SPDX-License-Identifier: Apache-2.0
//
// What each file of models adds to the list.
#pragma once

#include "models/models.hpp"

namespace tidemark::model {

void add_lane_models(std::vector<Model>& all);
void add_latch_models(std::vector<Model>& all);
void add_bell_models(std::vector<Model>& all);
void add_thread_models(std::vector<Model>& all);
void add_journal_models(std::vector<Model>& all);
void add_account_models(std::vector<Model>& all);
void add_private_models(std::vector<Model>& all);
void add_monitor_models(std::vector<Model>& all);
void add_header_models(std::vector<Model>& all);
void add_split_models(std::vector<Model>& all);
void add_start_models(std::vector<Model>& all);
void add_flush_models(std::vector<Model>& all);
void add_handler_models(std::vector<Model>& all);
void add_kill_point_models(std::vector<Model>& all);

}  // namespace tidemark::model
