from celpvq.lab.outliers import step_table, worse_table
from celpvq.lab.scores import Result

NAN = float("nan")


def results(codec, **scores):
    n = len(next(iter(scores.values())))
    each = [{score: values[i] for score, values in scores.items()} for i in range(n)]
    return [
        Result(codec, f"{i}.flac", 2.0, 5.0, 0.1, 0.01, scores, "", "key")
        for i, scores in enumerate(each)
    ]


def test_clips_that_got_worse_are_listed_worst_first():
    both = {
        "old": results("old", pesq=[3.0, 3.0, 3.0, 3.0], step=[0.0, 0.0, 0.0, 3.0]),
        "new": results("new", pesq=[2.8, 2.9, 2.5, 3.5], step=[1.5, 0.5, 2.5, 0.0]),
    }
    text = worse_table(both, {"new": "old"}, {"pesq": 0.15, "step": 2.0})
    assert (
        text
        == """\
PESQ: 2 of 4 worse by more than 0.15

| codec | in comparison with | clip | its score | score | change |
| --- | --- | --- | --- | --- | --- |
| new | old | 2.flac | 3.000 | 2.500 | -0.500 |
| new | old | 0.flac | 3.000 | 2.800 | -0.200 |

step [dB]: 1 of 4 worse by more than 2

| codec | in comparison with | clip | its score | score | change |
| --- | --- | --- | --- | --- | --- |
| new | old | 2.flac | 0.000 | 2.500 | +2.500 |"""
    )
    assert worse_table(both, {"new": "old"}, {"pesq": 0.5}) == "PESQ: 0 of 4 worse by more than 0.5"


def test_the_largest_step_is_told_even_if_a_clip_has_none():
    table = step_table({"codec": results("codec", step=[NAN, -1.0, 0.25, 0.125])})
    assert table.splitlines()[2:] == ["| codec | +0.25 | 2.flac |"]
