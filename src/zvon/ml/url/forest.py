"""Symmetric trees: at one depth every node asks the same question, so a tree is a small table."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.layout import Floats


class Forest(Struct, frozen=True, eq=False):
    """Trees of one depth: `column` and `border` have shape (trees, depth), `leaf` (trees, 2**depth).

    Question d of tree t is `matrix[column[t, d]] > border[t, d]`; its answer is bit d of the leaf.
    """

    column: NDArray[np.int16]
    border: Floats
    leaf: Floats
    bias: float

    def raw(self, matrix: Floats) -> NDArray[np.float64]:
        """Log-odds of each address, shape (n,), for a matrix of shape (columns, n)."""
        size = matrix.shape[1]
        total = np.full(size, self.bias, np.float64)
        yes = np.empty(size, np.bool_)
        bit = yes.view(np.uint8)
        at = np.empty(size, np.uint8)
        found = np.empty(size, np.float32)
        rows = list(matrix)  # indexing a list costs a tenth of indexing an array
        columns = self.column[:, ::-1].tolist()
        borders = list(map(list, self.border[:, ::-1]))
        for asked, limits, leaves in zip(columns, borders, self.leaf, strict=True):
            at.fill(0)
            for column, border in zip(asked, limits, strict=True):
                np.greater(rows[column], border, out=yes)
                np.add(at, at, out=at)
                np.bitwise_or(at, bit, out=at)
            leaves.take(at, out=found, mode="clip")
            total += found
        return total
