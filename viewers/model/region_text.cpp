// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/region_text.hpp"

namespace tidemark::model {

std::vector<std::string> region_sentences(const Snapshot& snapshot, std::uint32_t device,
                                          const Figures& figures) {
    std::size_t programs = 0;
    Region sum;
    const Region* remote = nullptr;
    for (const Region& region : snapshot.regions) {
        if (region.device != device || region.instrumented) continue;
        if (!region.pid && region.is_remote) remote = &region;
        if (!region.pid) continue;
        ++programs;
        for (auto pool :
             {&Region::dram, &Region::l1, &Region::l1_small, &Region::trace, &Region::cb})
            sum.*pool += region.*pool;
    }
    std::vector<std::string> sentences;
    const auto told = [&](const std::string& who, const Region& held) {
        sentences.push_back("tt-metal tells of " + who + ", in no figure above: DRAM " +
                            figures.bytes(held.dram + held.trace) + ", L1 " +
                            figures.bytes(held.l1 + held.l1_small + held.cb));
    };
    if (programs != 0)
        told(figures.count(programs) + (programs == 1 ? " program" : " programs"), sum);
    if (remote != nullptr) told("a remote chip", *remote);
    return sentences;
}

}  // namespace tidemark::model
