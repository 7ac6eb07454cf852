"""tastemaker.toml: what it may say, and what a person is told where it says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdas.common.config import Config, ConfigError, load

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = (ROOT / "tastemaker.toml").read_text(encoding="utf-8")


def written(tmp_path: Path, *replacements: tuple[str, str]) -> Path:
    text = EXAMPLE
    for old, new in replacements:
        assert old in text, f"{old!r} is not in the example"
        text = text.replace(old, new)
    path = tmp_path / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, *replacements: tuple[str, str]) -> list[str]:
    path = written(tmp_path, *replacements)
    with pytest.raises(ConfigError) as caught:
        load(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def changed(tmp_path: Path, *replacements: tuple[str, str]) -> Config:
    return load(written(tmp_path, *replacements))


def test_the_example_is_valid_and_says_what_it_says(tmp_path: Path) -> None:
    config = changed(tmp_path)

    assert config.project == "example-shop"
    assert config.interactions.table == "UserEvents"
    assert config.interactions.attribute_of("USER_ID") == "userId"
    assert [(model.name, model.recipe, model.min_tps) for model in config.models] == [
        ("for-you", "aws-user-personalization-v2", 1),
        ("similar", "aws-similar-items", 1),
        ("popular", "aws-popularity-count", 1),
    ]
    assert [(each.name, each.default, each.parameters) for each in config.filters] == [
        ("not-purchased", True, ()),
        ("in-category", False, ("CATEGORY",)),
    ]


def test_the_schema_follows_from_the_fields(tmp_path: Path) -> None:
    own = (
        'eventType = { field = "EVENT_TYPE", type = "string" }',
        'device = { field = "DEVICE", type = "string", categorical = true, optional = true }\n'
        'eventType = { field = "EVENT_TYPE", type = "string" }',
    )

    assert changed(tmp_path, own).interactions.schema_document == {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
            {"name": "EVENT_TYPE", "type": "string"},
            {"name": "DEVICE", "type": ["string", "null"], "categorical": True},
        ],
        "version": "1.0",
    }


def test_moving_a_line_does_not_change_the_schema(tmp_path: Path) -> None:
    user, item = 'userId = { field = "USER_ID", type = "string" }', 'itemId = { field = "ITEM_ID", type = "string" }'
    swapped = changed(tmp_path, (f"{user}\n{item}", f"{item}\n{user}"))

    assert swapped.interactions.schema_document == changed(tmp_path).interactions.schema_document


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("scan_segments = 4", "scan_segment = 4", "interactions.scan_segment", "did you mean scan_segments?"),
        ("[api]", "[apis]", "apis", "did you mean api?"),
        ('route = "rec', 'rout = "rec', "models[1].rout", "did you mean route?"),
        ('type = "long"', 'typ = "long"', "interactions.fields.timestamp.typ", "did you mean type?"),
        ("min_tps = 1", 'min_tps = "1"', "models[1].min_tps", "expected is a whole number, not '1'"),
        ("min_tps = 1", "min_tps = true", "models[1].min_tps", "expected is a whole number, not True"),
        ("min_tps = 1", "min_tps = 0", "models[1].min_tps", "at least 1"),
        ("retain_data = true", 'retain_data = "yes"', "retain_data", "expected is true or false, not 'yes'"),
        ('table = "UserEvents"', "table = 5", "interactions.table", "expected is a text in quotes, not 5"),
        ('table = "UserEvents"', 'table = "User Events"', "interactions.table", "letters, digits, dots"),
        ('project = "example-shop"', 'project = "example_shop"', "project", "hyphens, a letter first"),
        ('project = "example-shop"', 'project = "' + "x" * 31 + '"', "project", "up to 30"),
        ('project = "example-shop"\n', "", "project", "this key is required"),
        ('name = "for-you"', 'name = "-for-you"', "models[1].name", "a letter or a digit first"),
        (
            "personalization-v2",
            "personalization-v3",
            "models[1].recipe",
            "known are aws-popularity-count, aws-similar-items, aws-user-personalization, aws-user-personalization-v2",
        ),
        ('"recommendations"', '"recs"', "models[1].route", "expected is 'recommendations'"),
        (
            '"recommendations"',
            '"popular-items"',
            "models[1]",
            "v2 cannot answer popular-items; it can answer recommendations",
        ),
        ("min_tps = 1", "hyperparameters = { bptt = 3 }", "models[1]", "it has apply_recency_bias"),
        (
            "min_tps = 1",
            "hyperparameters = { apply_recency_bias = 1 }",
            "models[1]",
            "the hyperparameter apply_recency_bias is true or false, not 1",
        ),
        ("cron(0 3 ? * MON *)", "cron(0 3 ? * MOO *)", "retrain.schedule", "'MOO' in the day of the week"),
        ('"http://localhost:3000"', '"http://shop/x"', "api.cors_origins[1]", "without a path"),
        ('["http://localhost:3000"]', '"*"', "api.cors_origins", "expected is a list in square brackets"),
        ("{ rate = 50, burst = 100 }", "50", "api.throttle", "expected is a table of keys, not 50"),
        ('table = "Products"', 'table = "UserEvents"', "items", "[interactions] has the table 'UserEvents' already"),
        ('table = "Users"', 'table = "Products"', "users", "[items] has the table 'Products' already"),
        ("eventType = { field", "eventKey = { field", "interactions", "the attribute eventKey is the table's sort key"),
        (
            "eventType = {",
            'visit = { field = "SESSION_ID", type = "string" }\neventType = {',
            "interactions",
            "optional",
        ),
        ("# look_back_days = 365", "look_back_days = 0", "interactions.look_back_days", "at least 1"),
    ],
)
def test_a_mistake_is_told_by_file_key_and_remedy(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    found = problems(tmp_path, (old, new))

    assert [line for line in found if line.startswith(f"{key}: ") and words in line], found


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, ("min_tps = 1", "min_tps = 0"), ("rate = 50", "rate = 0"), ("scan_segments = 4", "scan_segments = 0")
    )

    assert [line.partition(":")[0] for line in found] == [
        "interactions.scan_segments",
        "models[1].min_tps",
        "api.throttle.rate",
    ]


def test_two_models_at_one_route_are_refused(tmp_path: Path) -> None:
    second = '[[models]]\nname = "more"\nrecipe = "aws-popularity-count"\nroute = "recommendations"\n\n[retrain]'

    assert problems(tmp_path, ("[retrain]", second)) == [
        "models: two models have the route 'recommendations'; each needs its own"
    ]


@pytest.mark.parametrize(
    ("models", "words"),
    [("", "models: this key is required"), ("models = []", "models: there are 0; 1 to 5 are possible")],
)
def test_a_file_without_a_model_is_told_so(tmp_path: Path, models: str, words: str) -> None:
    section = EXAMPLE[EXAMPLE.index("[[models]]") : EXAMPLE.index("# When the models")]

    assert problems(tmp_path, (section, ""), ("retain_data = true", f"retain_data = true\n{models}")) == [words]


def test_no_word_of_the_validating_library_reaches_the_reader(tmp_path: Path) -> None:
    path = written(tmp_path, ('type = "long"', 'type = "date"'), ("scan_segments = 4", "scan_segments = 4.5"))

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert not any(word in str(caught.value) for word in ("pydantic", "http", "Input", "validation error", "loc"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: there is no such file"):
        load(tmp_path / "nowhere.toml")


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("project = \n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"broken\.toml: it is not valid TOML: .*line 1"):
        load(path)


def test_items_and_users_are_optional(tmp_path: Path) -> None:
    sections = EXAMPLE[EXAMPLE.index("[items]") : EXAMPLE.index("# A model: a recipe")]
    assert list(changed(tmp_path).datasets) == ["INTERACTIONS", "ITEMS", "USERS"]
    filter_ = EXAMPLE[EXAMPLE.index('[[filters]]\nname = "in-category"') : EXAMPLE.index("# When the models")]
    assert list(changed(tmp_path, (sections, ""), (filter_, "")).datasets) == ["INTERACTIONS"]


def test_a_filter_of_a_field_that_is_not_configured_is_told_with_the_fields_that_are(tmp_path: Path) -> None:
    assert problems(tmp_path, ("Items.CATEGORY", "Items.COLOUR")) == [
        "filters: the filter 'in-category' uses Items.COLOUR: [items] lacks it; it has CATEGORY, ITEM_ID, PRICE, TITLE"
    ]


def test_items_need_a_field_beside_their_id(tmp_path: Path) -> None:
    own = EXAMPLE[EXAMPLE.index("title = {") : EXAMPLE.index("[users]")]
    (problem,) = problems(tmp_path, (own, ""))
    assert problem.startswith("items.fields: ")
    assert "a field beside ITEM_ID" in problem
