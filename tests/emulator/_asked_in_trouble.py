"""What is asked for each script of `trouble.toml`."""

_VEGETABLES = "Which three vegetables grow well on a shady balcony?"

ASKED_IN_TROUBLE = {
    "vegetables for a shady balcony": [_VEGETABLES],
    "how deep the pots must be": [_VEGETABLES, "How deep must their pots be?"],
    "when to sow them": [_VEGETABLES, "And when do I sow them?"],
    "exercise 1, rolls": ["Exercise 1. A baker sells 48 rolls before nine."],
    "exercise 2, taps": ["Exercise 2. A tank holds 360 litres."],
    "exercise 3, cyclists": ["Exercise 3. Two cyclists set out at the same time."],
    "exercise 4, interest": ["Exercise 4. A savings account bears 3 percent."],
    "exercise 5, fence": ["Exercise 5. A rectangular bed along a wall."],
}
