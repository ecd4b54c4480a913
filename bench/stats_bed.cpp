// SPDX-License-Identifier: Apache-2.0
#include "bench/stats_bed.hpp"

#include <unistd.h>

#include <stdexcept>

namespace tidemark::bench {

StatsBed::StatsBed(std::uint32_t images) {
    static int number = 0;
    configuration_.instance =
        "bench-stats-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    configuration_.limits.live_table_bytes = 1 << 20;
    std::string error;
    bool made = false;
    if (!ledger_.open(configuration_.instance, made, error) ||
        !stats_.create(configuration_, 1, error) || !stats_.put_in_place(error))
        throw std::runtime_error(error);
    publisher_ = std::make_unique<collector::Publisher>(stats_, ledger_, totals_, clock_,
                                                        configuration_, sinks_);
    for (std::uint32_t i = 0; i < images; ++i)
        add_image(i + 1);
    publish(images);
}

StatsBed::~StatsBed() {
    for (const auto& image : images_)
        shm::Segment::unlink(image->account->object_name());
    stats_.remove();
    shm::Segment::unlink(collector::Ledger::name_of(configuration_.instance));
}

void StatsBed::add_image(std::uint64_t number) {
    auto image = std::make_unique<collector::Image>();
    image->identity.image = number;
    image->identity.uid = geteuid();
    std::string error;
    image->account = collector::Account::create(configuration_.instance, image->identity,
                                                static_cast<std::uint32_t>(number),
                                                configuration_.limits, error);
    if (!image->account) throw std::runtime_error(error);
    collector::Account& account = *image->account;
    collector::Journal& journal = ledger_.journal();
    if (!journal.reserve(collector::LiveTable::kMostRecords + 512))
        throw std::runtime_error("no space for the undo journal in /dev/shm");
    account.begin_pass();
    const shm::Event event{number, number, shm::pack(shm::Operation::kAllocation, 0, 4096), 0, 0};
    collector::Nursery nursery;
    account.apply(journal, nursery, event, account.hash(event), nullptr);
    account.settle(journal, nursery, 0);
    totals_.note_rise(account, image->counted);
    totals_.store_peaks();
    account.seal(journal);
    journal.commit();
    account.committed();
    totals_.count(account, image->counted);
    images_.push_back(std::move(image));
}

void StatsBed::publish(std::uint32_t moved) {
    moved_.clear();
    for (std::uint32_t i = 0; i < moved; ++i) {
        images_[i]->account->marks[0].moved = true;
        moved_.push_back(images_[i].get());
    }
    for (collector::Total& total : totals_.all())
        total.dirty = true;
    publisher_->publish(moved_, collector::CollectorCounters{});
}

}  // namespace tidemark::bench
