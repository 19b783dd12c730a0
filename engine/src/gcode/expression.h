// expression.h -- values of words: numbers, #parameters, [expressions], functions. Text is normalised (upper case, no blanks, no comments).
#pragma once

#include <optional>
#include <string_view>

#include "gcode/block.h"
#include "gcode/grammar.h"

namespace proveout::gcode {

// Where parameters live. Values of a vacant Fanuc variable are NaN.
class ParameterSource {
  public:
    virtual ~ParameterSource() = default;
    virtual std::optional<double> number(int index) const = 0;             // nullopt: no such parameter
    virtual std::optional<double> named(std::string_view name) const = 0;  // without < >, upper case; nullopt: not defined
};

struct ValueReader {
    const Grammar& grammar;
    const ParameterSource& parameters;
    Refusal& refusal;     // set when a member function returns false
    int depth = 0;        // of nested [ ], ##, functions; limit kMaxExpressionDepth
    bool point = false;   // the last number had a decimal point
    bool vacant = false;  // the last value was a vacant Fanuc variable

    bool value(std::string_view& text, double& result);            // one value at the front of text, which is shortened
    bool bracket(std::string_view& text, double& result);          // "[" ... "]"
    bool open_expression(std::string_view& text, double& result);  // operands and operators without enclosing brackets
    bool parameter_index(std::string_view& text, int& index);      // behind "#": digits, [..], #..
    bool name(std::string_view& text, std::string_view& name);     // "<" ... ">"

  private:
    bool expression(std::string_view& text, double& result, int level);
    bool parameter(std::string_view& text, double& result);
    bool function(std::string_view& text, double& result);
    bool two_arguments(std::string_view called, std::string_view& text, double& result);
    double logic(int op, double a, double b) const;
    bool apply(std::string_view function, double x, double& result);
    bool combine(int op, double a, double b, double& result);
    bool fail(int code, std::string message);
};

}  // namespace proveout::gcode
