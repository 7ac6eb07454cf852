"""The keys of tastemaker.toml, their types and their rules."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lambdas.common.config import fields as rules
from lambdas.common.config.filters import Filter, check_filters
from lambdas.common.config.operations import Alarms, Notifications, TimeZone
from lambdas.common.config.recipes import RECIPES
from lambdas.common.config.schedule import check_schedule
from lambdas.common.events import SORT_KEY, is_forbidden_property

# stack and function names take no underscore and begin with a letter, Personalize's names have 63 characters
ProjectName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-zA-Z][a-zA-Z0-9-]{0,29}$")]
ModelName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,29}$")]
TableName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-zA-Z0-9_.-]{3,255}$")]
BucketName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Origin = Annotated[str, StringConstraints(strict=True, pattern=r"^(\*|https?://[^/?#\s]+)$")]
Text = Annotated[str, StringConstraints(strict=True, min_length=1)]

MAX_MODELS: Final = 5
"""Campaigns that a dataset group may have unless AWS raises the quota."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldMapping(_Section):
    """The field of a Personalize dataset that an attribute becomes."""

    field: Text
    type: Literal["string", "int", "long", "float", "double"]
    categorical: StrictBool = False
    textual: StrictBool = False
    optional: StrictBool = False


class Dataset(_Section):
    """Where the records of one kind come from; `fields` by attribute."""

    dataset_rules: ClassVar[rules.DatasetRules]

    table: TableName
    create_table: StrictBool
    scan_segments: Annotated[StrictInt, Field(ge=1, le=100)] = 4
    fields: dict[Text, FieldMapping]

    @field_validator("fields")
    @classmethod
    def _by_personalize_rules(cls, fields: dict[str, FieldMapping]) -> dict[str, FieldMapping]:
        cls.dataset_rules.check(list(fields.values()))
        return fields

    @property
    def schema_document(self) -> dict[str, Any]:
        """The Avro schema of the dataset."""
        return self.dataset_rules.schema(list(self.fields.values()))

    def attribute_of(self, field: str) -> str:
        """The attribute that is mapped to `field`."""
        return next(attribute for attribute, mapping in self.fields.items() if mapping.field == field)


class Interactions(Dataset):
    """Who did what with which item, and when."""

    dataset_rules: ClassVar[rules.DatasetRules] = rules.INTERACTIONS

    look_back_days: Annotated[StrictInt, Field(ge=1, le=36_500)] | None = None

    @model_validator(mode="after")
    def _writable(self) -> Interactions:
        """The events of `POST /events` have to find their place in a table that they are written into."""
        if not self.create_table:
            return self
        if SORT_KEY in self.fields:
            raise ValueError(
                f"the attribute {SORT_KEY} is the table's sort key, which keeps events apart; give the field another"
            )
        for field in self.fields.values():
            if (
                is_forbidden_property(field.field)
                and not field.optional
                and field.field not in self.dataset_rules.required
            ):
                raise ValueError(
                    f"{field.field} is what no event of `POST /events` can bring, so that each would be refused at the "
                    "next export; say `optional = true`"
                )
        return self


class Items(Dataset):
    """What there is to recommend."""

    dataset_rules: ClassVar[rules.DatasetRules] = rules.ITEMS

    details: tuple[Text, ...] | None = None
    """Attributes that the API's answers carry; those that are mapped to fields, unless it says otherwise."""

    @property
    def shown(self) -> tuple[str, ...]:
        """The attributes of an item that the API's answers carry beside its id."""
        if self.details is not None:
            return self.details
        return tuple(attribute for attribute in self.fields if attribute != self.attribute_of("ITEM_ID"))


class Users(Dataset):
    """Who is there to recommend to."""

    dataset_rules: ClassVar[rules.DatasetRules] = rules.USERS


class Exports(_Section):
    """A bucket of one's own for the exports; without it the data stack creates one."""

    bucket: BucketName


class Model(_Section):
    """A recipe, trained and served at a route."""

    name: ModelName
    recipe: Text
    route: Literal["recommendations", "similar-items", "popular-items"]
    min_tps: Annotated[StrictInt, Field(ge=1)] = 1
    hyperparameters: dict[str, StrictBool | StrictInt | StrictFloat | str] = {}

    @field_validator("recipe")
    @classmethod
    def _known(cls, recipe: str) -> str:
        if recipe not in RECIPES:
            raise ValueError(f"{recipe!r} is not a known recipe; known are {', '.join(sorted(RECIPES))}")
        return recipe

    @model_validator(mode="after")
    def _route_of_the_recipe(self) -> Model:
        possible = RECIPES[self.recipe].routes
        if self.route not in possible:
            raise ValueError(f"{self.recipe} cannot answer {self.route}; it can answer {', '.join(sorted(possible))}")
        return self

    @model_validator(mode="after")
    def _settings_of_the_recipe(self) -> Model:
        known = RECIPES[self.recipe].hyperparameters
        for name, value in self.hyperparameters.items():
            if name not in known:
                allowed = ", ".join(sorted(known)) or "none"
                raise ValueError(f"{self.recipe} has no hyperparameter {name!r}; it has {allowed}")
            try:
                known[name].check(value)
            except ValueError as error:
                raise ValueError(f"the hyperparameter {name} {error}, not {value!r}") from error
        return self


class Retrain(_Section):
    """When the models are trained anew."""

    schedule: Annotated[Text, AfterValidator(lambda text: check_schedule(text) or text)]
    time_zone: TimeZone = "UTC"


class Throttle(_Section):
    """Requests a second, and at once."""

    rate: Annotated[StrictInt, Field(ge=1)]
    burst: Annotated[StrictInt, Field(ge=1)]


class Api(_Section):
    """Who may call the HTTP API, and how often."""

    cors_origins: tuple[Origin, ...]
    throttle: Throttle


class Config(_Section):
    """The whole file."""

    project: ProjectName
    retain_data: StrictBool
    interactions: Interactions
    items: Items | None = None
    users: Users | None = None
    exports: Exports | None = None
    models: tuple[Model, ...]
    filters: Annotated[tuple[Filter, ...], AfterValidator(check_filters)] = ()
    retrain: Retrain
    notifications: Notifications = Notifications()
    alarms: Alarms = Alarms()
    api: Api

    @property
    def datasets(self) -> dict[str, Dataset]:
        """The datasets that are configured, by Personalize's name of their type."""
        given = {"INTERACTIONS": self.interactions, "ITEMS": self.items, "USERS": self.users}
        return {name: dataset for name, dataset in given.items() if dataset is not None}

    @field_validator("items", "users")
    @classmethod
    def _in_a_table_of_its_own(cls, dataset: Dataset | None, info: ValidationInfo) -> Dataset | None:
        for name in ("interactions", "items"):
            other = info.data.get(name)
            if dataset and other and dataset.table == other.table and (dataset.create_table or other.create_table):
                raise ValueError(f"[{name}] has the table {dataset.table!r} already, and it can be created once only")
        return dataset

    @field_validator("models")
    @classmethod
    def _one_of_a_kind(cls, models: tuple[Model, ...]) -> tuple[Model, ...]:
        if not 1 <= len(models) <= MAX_MODELS:
            raise ValueError(f"there are {len(models)}; 1 to {MAX_MODELS} are possible")
        for key in ("name", "route"):
            values = [getattr(model, key) for model in models]
            if twice := [value for value in dict.fromkeys(values) if values.count(value) > 1]:
                raise ValueError(f"two models have the {key} {twice[0]!r}; each needs its own")
        return models

    @field_validator("filters")
    @classmethod
    def _filters_of_known_fields(cls, filters: tuple[Filter, ...], info: ValidationInfo) -> tuple[Filter, ...]:
        sections = {name: info.data.get(name.lower()) for name in ("INTERACTIONS", "ITEMS", "USERS")}
        if any(name.lower() not in info.data for name in sections):
            return filters  # a section is wrong itself, and that is told
        known = {
            name: [mapping.field for mapping in dataset.fields.values()]
            for name, dataset in sections.items()
            if isinstance(dataset, Dataset)
        }
        for each in filters:
            each.check_fields(known)
        return filters
