"""What is asked for each script of `work.toml`."""

_LIBRARY = "The rules of the tool library. I took a drill. What do I pay?"
_FORM = "Bring your answer into the form below."
_REVIEW = "Sentiment and topic of this café review: "

ASKED_AT_WORK = {
    "tool library, four days": [_LIBRARY],
    "tool library, neighbour": [_LIBRARY, "May I lend it to my neighbour?"],
    "tool library, notice board": [_LIBRARY, "Put that into one sentence for the board."],
    "good morning in Italian": ["How do you say good morning in Italian?"],
    "good morning in Turkish": ["How do you say good morning in Turkish?"],
    "good morning in Finnish": ["How do you say good morning in Finnish?"],
    "umbrella in Lhasa": ["Do I need an umbrella in Lhasa?"],
    "lake temperature": ["How warm is the West Lake?"],
    "a table at the Lotus": ["A table for six at the Lotus, please."],
    "Noor's order": ["What is ordered? Four rye loaves.", _FORM],
    "moons of Jupiter": ["The four largest moons of Jupiter", _FORM],
    "largest moon": ["The largest moon of Saturn?"],
    "rating a tea": ["Rate this tea: nine out of ten.", _FORM],
    "rating a tea, repaired": ["Rate this tea.", "Your answer does not have the form"],
    "leap years": ["Write a Python function for leap years, given a leap year."],
    "review: soup": [f"{_REVIEW}Best lentil soup!"],
    "review: forty minutes": [f"{_REVIEW}Forty minutes!"],
    "review: window seats": [f"{_REVIEW}Big window seats.", _FORM],
    "review: six euros": [f"{_REVIEW}Good, but six euros?"],
    "review: a question": [f"{_REVIEW}Are you open on Mondays?", _FORM],
    "review: waiter": [f"{_REVIEW}The waiter remembered my name."],
}
