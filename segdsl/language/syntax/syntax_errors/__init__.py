"""What to report where the grammar does not take a text, and how to go on behind it.

A mistake is explained in three steps.

1. `site`: the place. What stopped the parser, what could have stood there, and the tokens around
   it, read by a lexer that takes any text (`tokens`).
2. `rules`: a table. Each rule has a pattern of what people write elsewhere (SQL, Python,
   JavaScript, Excel, the console, plain English) and the text to write instead, filled in with
   the reader's own words. A rule yields an `Advice`: a code, the place, a message, a help line,
   and the text to put in the place. The rules are grouped: `characters`, `times`, `aggregates`,
   `lists`, `comparisons`, `names`, `items`, `structure`, `joints`; what no rule knows falls to
   `general`.
3. `recovery`: the loop. A rule's text is put in the place and the item is parsed again. A text
   that the parser does not take is no advice, and the next rule is asked. Behind an accepted one
   the parse goes on, so that each further mistake of the item is reported as well, and none that
   follows from the first. Where no rule has a text, the whole condition is replaced by a name.

The suggested text always replaces what is underlined. None of this runs on a file without mistakes.
"""
