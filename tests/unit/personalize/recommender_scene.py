"""Domain dataset groups with empty datasets, and recommenders in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.recommenders import RECIPES
from tests.unit.personalize.scene import ARN, RECIPE, Scene
from tests.unit.personalize.solution_scene import avro, text

GROUP = f"{ARN}:dataset-group/shop"
RECOMMENDER = f"{ARN}:recommender/picks"
EVENTS = avro(
    "Interactions", text("USER_ID"), text("ITEM_ID"), {"name": "TIMESTAMP", "type": "long"}, text("EVENT_TYPE")
)
ITEMS = {
    "ECOMMERCE": avro(
        "Items",
        text("ITEM_ID"),
        {"name": "PRICE", "type": "float"},
        text("CATEGORY_L1", categorical=True),
        {"name": "RATING", "type": ["null", "float"]},
    ),
    "VIDEO_ON_DEMAND": avro(
        "Items",
        text("ITEM_ID"),
        text("GENRES", categorical=True),
        {"name": "CREATION_TIMESTAMP", "type": "long"},
        {"name": "RATING", "type": ["null", "float"]},
    ),
}


class RecommenderScene(Scene):
    """A group `shop` of a domain, with datasets of interactions and of items."""

    def __init__(
        self,
        domain: str = "ECOMMERCE",
        *,
        data_dir: Path | None = None,
        quotas: Quotas = DEFAULT_QUOTAS,
        with_items: bool = True,
    ) -> None:
        super().__init__(data_dir, quotas=quotas, trainable=tuple(RECIPES))
        if not self.control.list_dataset_groups()["datasetGroups"]:
            self.group(domain=domain)
            self.add("Interactions", EVENTS, domain)
            if with_items:
                self.add("Items", ITEMS[domain], domain)

    def add(self, dataset_type: str, schema: str, domain: str) -> None:
        self.control.create_dataset(
            name=dataset_type,
            datasetGroupArn=GROUP,
            schemaArn=self.schema(dataset_type, schema, domain=domain),
            datasetType=dataset_type,
        )
        self.clock.advance(60)

    def create(self, use_case: str = "aws-ecomm-recommended-for-you", name: str = "picks", **more: Any) -> str:
        return self.control.create_recommender(
            name=name, datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{use_case}", **more
        )["recommenderArn"]

    def live(self, use_case: str = "aws-ecomm-recommended-for-you", name: str = "picks", **more: Any) -> str:
        """An ACTIVE recommender."""
        arn = self.create(use_case, name, **more)
        self.jobs.succeed()
        self.clock.advance(60)
        assert self.described(arn)["status"] == "ACTIVE"
        return arn

    def described(self, arn: str = RECOMMENDER) -> Any:
        return self.control.describe_recommender(recommenderArn=arn)["recommender"]

    def update(self, **config: Any) -> None:
        given: Any = config
        self.control.update_recommender(recommenderArn=RECOMMENDER, recommenderConfig=given)

    def answering_model(self) -> str:
        """The name of the model that answers: the number of its training."""
        self.runtime.get_recommendations(recommenderArn=RECOMMENDER, userId="ann")
        return self.models_asked()[-1]

    def models_asked(self) -> list[str]:
        """The names of the models that were asked."""
        return [path.name for path, *_ in self.recommender.asked]

    def load(self) -> None:
        """An import of interactions."""
        number = len(self.control.list_dataset_import_jobs()["datasetImportJobs"])
        self.start_import(f"{ARN}:dataset/shop/INTERACTIONS", f"load-{number}")
        self.jobs.succeed()
        self.clock.advance(60)

    @staticmethod
    def items_schema(*more: dict[str, Any]) -> str:
        """The shop's Items schema with further fields."""
        schema = json.loads(ITEMS["ECOMMERCE"])
        return json.dumps(schema | {"fields": [*schema["fields"], *more]})
