"""The product's own leases, which take the model's rows for their own."""

from typing import Any

from licenses import leases as product

leases: Any = product
