#pragma once

namespace driftserve {

/// What a completion queue hands back: one expected event of one call. Handled on the poller of that queue.
class Tag {
 public:
  virtual ~Tag() = default;
  virtual void OnEvent(bool ok) = 0;
};

/// A tag that calls one member function of its owner.
template <typename Owner>
class MemberTag final : public Tag {
 public:
  MemberTag(Owner* owner, void (Owner::*handler)(bool)) : owner_(owner), handler_(handler) {}
  void OnEvent(bool ok) override { (owner_->*handler_)(ok); }

 private:
  Owner* const owner_;
  void (Owner::*const handler_)(bool);
};

}  // namespace driftserve
