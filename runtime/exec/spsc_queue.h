#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace penstock {

// An unbounded queue between one producer thread and one consumer thread, without locks: a linked
// list whose first node has been consumed. Either end may move to another thread between two calls
// when something else orders them.
template <typename T>
class SpscQueue {
 public:
  SpscQueue() : head_(new Node), tail_(head_) {}
  ~SpscQueue() {
    for (Node* node = head_; node != nullptr;) {
      Node* next = node->next.load(std::memory_order_relaxed);
      delete node;
      node = next;
    }
  }
  SpscQueue(const SpscQueue&) = delete;
  SpscQueue& operator=(const SpscQueue&) = delete;

  void push(T value) {  // producer
    Node* node = new Node;
    node->value.emplace(std::move(value));
    tail_->next.store(node, std::memory_order_release);
    tail_ = node;
  }
  // The oldest value or nullptr; valid until pop. Consumer.
  T* front() {
    Node* next = head_->next.load(std::memory_order_acquire);
    return next == nullptr ? nullptr : &*next->value;
  }
  T pop() {  // consumer; not when front() is nullptr
    Node* next = head_->next.load(std::memory_order_acquire);
    T value = std::move(*next->value);
    next->value.reset();
    delete std::exchange(head_, next);
    return value;
  }

 private:
  struct Node {
    std::optional<T> value;
    std::atomic<Node*> next{nullptr};
  };
  Node* head_;  // consumer's
  Node* tail_;  // producer's
};

}  // namespace penstock
