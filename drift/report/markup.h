#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "drift/evaluation.h"

namespace drift {

// Pieces of HTML that several parts of the page are made of. Texts are given as HTML already.

/// A state as a coloured pill with its name in it.
std::string StateBadge(State state);

/// Opens a <div> that scrolls sideways where its table is wider than the screen, that the keyboard reaches and that is
/// announced as `label`. `key` finds it again when a live page exchanges its contents; `style` is a further class.
std::string OpenScroll(const std::string& label, const std::string& key, const std::string& style = "");

/// <table> up to <tbody>, with a line of column titles.
std::string OpenTable(std::initializer_list<std::string_view> titles);

/// A <dl> entry; `under` stands small behind the value and may be empty.
std::string Fact(std::string_view name, const std::string& value, const std::string& under = "");

}  // namespace drift
