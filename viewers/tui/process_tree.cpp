// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/process_tree.hpp"

#include <optional>
#include <unordered_map>

#include "viewers/tui/row_order.hpp"

namespace tidemark::tui {
namespace {

using model::Process;

// A tree is no deeper than this; who would stand below is a root of its own.
constexpr std::size_t kDeepest = 64;

// Of every image its parent, also of those that are not shown.
using Parents = std::unordered_map<std::uint64_t, std::uint64_t>;

class Tree {
public:
    Tree(const std::vector<ProcessRow>& all, const Parents& parents, const World& world,
         const State& state, std::deque<Sums>& own)
        : world_(world), state_(state), own_(own) {
        std::unordered_map<std::uint64_t, std::size_t> index;
        for (std::size_t i = 0; i < all.size(); ++i)
            index[all[i].process->image] = i;
        nodes_.resize(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            nodes_[i].row = all[i];
            const auto parent = parent_of(i, all, index, parents);
            (parent ? nodes_[*parent].children : roots_).push_back(i);
        }
        for (const std::size_t root : roots_)
            add_up(root);
    }

    std::vector<ProcessRow> rows() {
        std::vector<ProcessRow> shown;
        emit(roots_, 0, shown);
        return shown;
    }

private:
    struct Total {
        Sums sums, base;
    };
    struct Node {
        ProcessRow row;
        std::vector<std::size_t> children;
        bool is_wanted = false;
        std::optional<Total> living;  // it, if it runs, and all below that do

        void add(const std::optional<Total>& below) {
            if (!below) return;
            if (!living) {
                living = below;
                return;
            }
            living->sums += below->sums;
            living->base += below->base;
        }
    };

    // The nearest ancestor that is shown. Parents come from other programs' memory: a circle of them must not catch us,
    // nor a chain without an end; who stands in one is a root.
    static std::optional<std::size_t> parent_of(
        std::size_t of, const std::vector<ProcessRow>& all,
        const std::unordered_map<std::uint64_t, std::size_t>& index, const Parents& parents) {
        std::optional<std::size_t> nearest;
        std::uint64_t image = all[of].process->parent_image;
        for (std::size_t steps = 0; steps < kDeepest; ++steps) {
            if (image == all[of].process->image) return std::nullopt;
            const auto at = index.find(image);
            if (!nearest && at != index.end()) nearest = at->second;
            const auto next = parents.find(image);
            if (next == parents.end()) return nearest;
            image = next->second;
        }
        return std::nullopt;
    }

    void add_up(std::size_t index) {
        Node& node = nodes_[index];
        node.row.has_children = !node.children.empty();
        node.row.is_collapsed = state_.collapsed.count(node.row.process->image) != 0;
        node.is_wanted = matches(*node.row.process, state_.filter);
        if (!node.row.process->exited) node.living = {*node.row.sums, *node.row.base};
        for (const std::size_t child : node.children) {
            add_up(child);
            node.add(nodes_[child].living);
            node.is_wanted = node.is_wanted || nodes_[child].is_wanted;
        }
        if (!node.row.has_children || node.row.process->exited) return;
        node.row.is_sum = true;
        node.row.sums = &own_.emplace_back(node.living->sums);
        node.row.base = &own_.emplace_back(node.living->base);
    }

    void emit(const std::vector<std::size_t>& level, std::size_t depth,
              std::vector<ProcessRow>& shown) {
        std::vector<ProcessRow> rows;
        std::unordered_map<const Process*, std::size_t> index;
        for (const std::size_t i : level) {
            if (!nodes_[i].is_wanted) continue;
            nodes_[i].row.depth = depth;
            index[nodes_[i].row.process] = i;
            rows.push_back(nodes_[i].row);
        }
        sort_rows(rows, world_, state_);
        for (const ProcessRow& row : rows) {
            shown.push_back(row);
            if (!row.is_collapsed) emit(nodes_[index[row.process]].children, depth + 1, shown);
        }
    }

    const World& world_;
    const State& state_;
    std::deque<Sums>& own_;
    std::vector<Node> nodes_;
    std::vector<std::size_t> roots_;
};

}  // namespace

std::vector<ProcessRow> as_tree(const std::vector<ProcessRow>& all, const World& world,
                                const State& state, std::deque<Sums>& own) {
    Parents parents;
    for (const Process& process : world.snapshot.processes)
        parents[process.image] = process.parent_image;
    return Tree(all, parents, world, state, own).rows();
}

}  // namespace tidemark::tui
