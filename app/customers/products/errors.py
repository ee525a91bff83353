"""What can be wrong with products, their models and what customers choose of them."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import Conflict, Invalid, NotFound


class ProductNotFound(NotFound):
    """No product has that id."""

    code = "product-not-found"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id!r}.", id=product_id)


class ProductTaken(Conflict):
    """The id belongs to another product."""

    code = "product-taken"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is a product {product_id!r} already.", id=product_id)


class ModelNotFound(NotFound):
    """The product has no such version of its model."""

    code = "product-model-not-found"


class NoModelDraft(Conflict):
    """There is no draft that could be published or discarded."""

    code = "no-model-draft"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"The product {product_id!r} has no draft: save one first.", id=product_id)


class ModelUnsound(Invalid):
    """A model that must not be published: its text is faulty, nothing could be configured, or values are dead."""

    code = "product-model-unsound"


class ProductWithdrawn(Conflict):
    """The product is not given to anybody any more."""

    code = "product-withdrawn"

    def __init__(self, product_id: str, because: str) -> None:
        detail = f"The product {product_id!r} has been withdrawn: {because} Holdings that have it keep it."
        super().__init__(detail, id=product_id)


class ProductUnpublished(Conflict):
    """No version of the product's model has been published yet."""

    code = "product-unpublished"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"No version of the product {product_id!r} is published yet.", id=product_id)


class ConfigurationNotFound(NotFound):
    """The customer has no such holding, or it is not set up."""

    code = "configuration-not-found"

    def __init__(self, source: str, external_id: str) -> None:
        super().__init__(f"The customer's {external_id!r} of {source} is not set up.", source=source)


class ChoicesUnfit(Invalid):
    """Choices that are no values of their options, or that leave something open which must be chosen."""

    code = "choices-unfit"


class ConfigurationImpossible(Invalid):
    """Choices that rules exclude; `explanation` says it in sentences, `reasons` names what excludes them together."""

    code = "configuration-impossible"

    def __init__(self, sentences: Sequence[str], **facts: Any) -> None:
        super().__init__(" ".join(sentences), explanation=list(sentences), **facts)


class QuestionTooHard(Invalid):
    """The solver was not done within the work that it is allowed. The same question would not be done again."""

    code = "question-too-hard"

    def __init__(self) -> None:
        detail = (
            "This could not be decided within the work that one question is allowed: ask about fewer options at once, "
            "or give the model fewer rules."
        )
        super().__init__(detail, faults=[])
