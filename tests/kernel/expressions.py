"""Expressions and properties for property-based tests: texts that always parse."""

from hypothesis import strategies as st

PROPERTIES = ("a", "b", "gb", "_x1")
FUNCTIONS = ("abs", "ceil", "floor", "round", "sqrt")

# With a point, so that CEL reads doubles.
_literals = st.one_of(
    st.sampled_from(["0.0", "1.0", "2.0", "0.5", "0.1", "3.7", "1e3", "1.5e-3", "1000000.0", "123456789.123", "1e20"]),
    st.integers(0, 10**6).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
)


def _conditions(numbers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    comparison = st.builds("{} {} {}".format, numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers)
    joined = st.builds("({}) {} !({})".format, comparison, st.sampled_from(["&&", "||"]), comparison)
    return st.one_of(comparison, joined)


def _larger(numbers: st.SearchStrategy[str], signs: str, calls: bool) -> st.SearchStrategy[str]:
    wrapped = numbers.map("({})".format)
    forms = [
        st.builds("{} {} {}".format, wrapped, st.sampled_from(signs), wrapped),
        st.builds("{} {} {} {} {}".format, wrapped, st.sampled_from(signs), wrapped, st.sampled_from(signs), wrapped),
        wrapped.map("-{}".format),
        st.builds("({} ? {} : {})".format, _conditions(wrapped), wrapped, wrapped),
    ]
    if calls:
        forms += [
            st.builds("{}({})".format, st.sampled_from(FUNCTIONS), numbers),
            st.builds("{}({})".format, st.sampled_from(["max", "min"]), st.lists(numbers, min_size=2, max_size=3).map(", ".join)),
            st.builds("pow({}, {})".format, numbers, st.sampled_from(["0", "1", "2", "3", "10", "16"])),
        ]
    return st.one_of(forms)


_leaves = st.one_of(st.sampled_from(PROPERTIES), _literals)

arithmetic = st.recursive(_leaves, lambda numbers: _larger(numbers, "+-*/", calls=False), max_leaves=8)
"""What CEL has too."""

expressions = st.recursive(_leaves, lambda numbers: _larger(numbers, "+-*/%", calls=True), max_leaves=8)
"""All that a meter may say but logarithms and powers of other exponents, which libraries round differently."""

numbers = st.one_of(
    st.integers(-(10**6), 10**6),
    st.sampled_from([0, 1, -1, 2, 0.1, 2.5, -2.5, 1024, 0.0009765625, 123456789.123, 10**15 + 1, 10**18, 9007199.254740993]),
    st.decimals(-(10**12), 10**12, places=9).map(float),
)
values = st.one_of(
    numbers,
    numbers.map(lambda number: f"{number:f}"),
    st.sampled_from(["abc", "", " 1", "1e3", "+5", ".5", "5.", "nan", "inf", "1e30", "-1e28", "0x10", True, None, [1], {"x": 1}]),
)
properties = st.dictionaries(st.sampled_from(PROPERTIES), values)
"""JSON objects of events, mostly numbers."""
