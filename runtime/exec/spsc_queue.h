#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace penstock {

// An unbounded queue between one producer thread and one consumer thread, without locks: a linked
// list whose first nodes have been consumed. The producer takes those for what it pushes next, so
// that a queue allocates only to become longer than it ever was (Vyukov's unbounded SPSC queue).
// Either end may move to another thread between two calls when something else orders them.
template <typename T>
class SpscQueue {
 public:
  SpscQueue() : head_(new Node), tail_(head_), first_(head_), consumed_(head_) {}
  ~SpscQueue() {
    for (Node* node = first_; node != nullptr;) {
      Node* next = node->next.load(std::memory_order_relaxed);
      delete node;
      node = next;
    }
  }
  SpscQueue(const SpscQueue&) = delete;
  SpscQueue& operator=(const SpscQueue&) = delete;

  void push(T value) {  // producer
    Node* node = take_node();
    node->value.emplace(std::move(value));
    tail_->next.store(node, std::memory_order_release);
    tail_ = node;
  }
  // The oldest value or nullptr; valid until pop. Consumer.
  T* front() {
    Node* next = head()->next.load(std::memory_order_acquire);
    return next == nullptr ? nullptr : &*next->value;
  }
  T pop() {  // consumer; not when front() is nullptr
    Node* next = head()->next.load(std::memory_order_acquire);
    T value = std::move(*next->value);
    next->value.reset();
    head_.store(next, std::memory_order_release);
    return value;
  }

 private:
  struct Node {
    std::optional<T> value;
    std::atomic<Node*> next{nullptr};
  };
  Node* head() const { return head_.load(std::memory_order_relaxed); }
  // One that the consumer is done with, if there is any.
  Node* take_node() {
    if (first_ == consumed_) consumed_ = head_.load(std::memory_order_acquire);
    if (first_ == consumed_) return new Node;
    Node* node = first_;
    first_ = node->next.load(std::memory_order_relaxed);
    node->next.store(nullptr, std::memory_order_relaxed);
    return node;
  }

  std::atomic<Node*> head_;  // the last node that was consumed; the consumer's
  Node* tail_;               // the producer's, as the following
  Node* first_;              // the oldest node; those before consumed_ are free
  Node* consumed_;           // where head_ was last seen
};

}  // namespace penstock
