"""The textbook formulas as they stand, in classes that keep what they last computed.

This is how the activations behave that the package stands in for, faults included: tests hold
the package to them where they are right, and show what goes wrong where they are not.
"""

import numpy as np


class Sigmoid:
    def forward(self, input):  # noqa: A002
        self.last = 1.0 / (1.0 + np.exp(-input))
        return self.last

    def derivative(self, input=None):  # noqa: A002
        y = self.forward(input) if input else self.last
        return y * (1 - y)


class Tanh:
    def forward(self, input):  # noqa: A002
        self.last = np.tanh(input)
        return self.last

    def derivative(self, input=None):  # noqa: A002
        y = self.forward(input) if input else self.last
        return 1 - y**2


class ReLU:
    def forward(self, input):  # noqa: A002
        self.last = input
        return np.maximum(0.0, input)

    def derivative(self, input=None):  # noqa: A002
        x = input or self.last
        slope = np.zeros(x.shape, np.float32)
        slope[x > 0] = 1
        return slope


class Linear:
    def forward(self, input):  # noqa: A002
        self.last = input
        return input

    def derivative(self, input=None):  # noqa: A002
        x = input or self.last
        return np.ones(x.shape, np.float32)


class Softmax:
    def forward(self, input):  # noqa: A002
        assert input.ndim == 2
        self.last = input
        z = np.exp(input - input.max(axis=1, keepdims=True))
        return z / z.sum(axis=1, keepdims=True)

    def derivative(self, input=None):  # noqa: A002
        x = input or self.last
        return np.ones(x.shape, np.float32)


class SymmetricElliot:
    def __init__(self, steepness=1):
        self.steepness = steepness

    def forward(self, input):  # noqa: A002
        self.last = 1 + np.abs(self.steepness * input)
        return self.steepness * input / self.last

    def derivative(self, input=None):  # noqa: A002
        d = 1 + np.abs(self.steepness * input) if input else self.last
        return self.steepness / d**2


class Elliot(SymmetricElliot):
    def forward(self, input):  # noqa: A002
        return 0.5 * super().forward(input) + 0.5

    def derivative(self, input=None):  # noqa: A002
        return 0.5 * super().derivative(input)


class SoftSign(SymmetricElliot):
    def __init__(self):
        super().__init__()


class SoftPlus:
    def forward(self, input):  # noqa: A002
        self.last = np.exp(input)
        return np.log(1 + self.last)

    def derivative(self, input=None):  # noqa: A002
        z = np.exp(input) if input else self.last
        return z / (1 + z)
