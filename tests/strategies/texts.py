"""Texts, names and numbers of every kind: what all strategies of syntax are made of."""

from __future__ import annotations

from hypothesis import strategies as st

from segdsl.language.behaviors import table_of
from segdsl.language.syntax.grammar import reserved_words
from segdsl.language.values import Number, folder_path, folder_text

odd_texts = st.one_of(
    st.sampled_from(
        [
            "",
            "a",
            "JP",
            'say "hi"',
            "back\\slash",
            "tick`",
            "line\nbreak",
            "# no comment",
            "\t\x01\x7f",
            "東京",
            "é",
            "e\u0301",
            "\u202eabc",
            "🛒",
            "\ufeff",
            "where",
            "$1; --",
            "it's",
            "{x}",
            "\r\n",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
names = st.one_of(
    st.sampled_from(
        ["country", "age", "day", "kind", "timestamp", "x1", "_", "Now", "ago", "month"]
    ),
    st.sampled_from(sorted(reserved_words())),
    odd_texts,
)
# Matrix tables of behaviors: most with the prefix that is not written.
tables = st.one_of(names.map(table_of), odd_texts)
numbers = st.one_of(
    st.sampled_from(
        ["0", "1", "-1", "30", "1.50", "1e5", "-0", "0.001", "1E-7", "12345678901234567890"]
    ),
    st.integers(-1000, 1000).map(str),
).map(Number)
# In one spelling, as only what is compiled has it.
folders = odd_texts.map(folder_path).map(folder_text)
