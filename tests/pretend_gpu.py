"""A GPU for machines that have none: tensors with real numbers in main memory that claim to be on another device.

PyTorch lets a subclass of Tensor answer every operation. These answer with the result that the CPU gives, and refuse
what a GPU refuses: an operation on tensors of two devices. Under `pretend_gpu()`, `device="meta"` means this device.
"""

import contextlib
import warnings

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

GPU = torch.device("meta")
aten = torch.ops.aten
MOVES = {aten._to_copy.default, aten.copy_.default}         # the only operations between two devices
LENGTHS_ON_THE_CPU = {aten._pack_padded_sequence, aten._pack_padded_sequence_backward}
INDEXED = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_}


class OnGPU(torch.Tensor):
    """A tensor on the pretended GPU; `held` has its numbers."""

    @staticmethod
    def __new__(cls, real):
        return torch.Tensor._make_wrapper_subclass(cls, real.shape, strides=real.stride(), dtype=real.dtype, device=GPU,
                                                   dispatch_sizes_strides_policy="sizes")   # asked anew each time

    def __init__(self, real):
        self.held = real

    def __reduce_ex__(self, protocol):
        return self.held.__reduce_ex__(protocol)        # saved like any tensor

    def __format__(self, form):
        return format(self.held, form)

    def tolist(self):
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class PretendGPU(TorchDispatchMode):
    def __init__(self, no_kernel_image):
        super().__init__()
        self.no_kernel_image = no_kernel_image

    @classmethod
    def _should_skip_dynamo(cls):
        return False        # the compiler, which takes seconds to import, is not used here

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = run(func, args, kwargs or {})
        if self.no_kernel_image and isinstance(result, OnGPU) and func not in MOVES:
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device\n"
                               "CUDA kernel errors might be asynchronously reported at some other API call.")
        return result


class FromLists(TorchFunctionMode):
    """`torch.tensor([1, 2], device=...)` makes its tensor in C++, out of our sight: so make it here and move it."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") is not None:
            device = kwargs.pop("device")
            return func(*args, **kwargs).to(device)
        return func(*args, **kwargs)


@contextlib.contextmanager
def pretend_gpu(no_kernel_image=False):
    """The pretended GPU, or (`no_kernel_image`) one that is too old for this PyTorch: data can be moved to it only."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with PretendGPU(no_kernel_image), FromLists(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*copying from a non-meta parameter")
            yield GPU
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)


def run(func, args, kwargs):
    """The operation on the numbers; its result is where its tensors are, or where `device` says."""
    tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, torch.Tensor)]
    on_gpu = any(isinstance(tensor, OnGPU) for tensor in tensors)
    if on_gpu and func not in MOVES:
        check_one_device(func, args, kwargs)
    device = kwargs.get("device")
    wrap = on_gpu if device is None else torch.device(device) == GPU
    if device is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    if func is aten.copy_.default:
        wrap = isinstance(args[0], OnGPU)
    real = tree_map(lambda leaf: leaf.held if isinstance(leaf, OnGPU) else leaf, (args, kwargs))
    result = func(*real[0], **real[1])
    known = {id(tensor.held): tensor for tensor in tensors if isinstance(tensor, OnGPU)}     # changed in place
    if func is aten._pack_padded_sequence.default:
        return OnGPU(result[0]) if wrap else result[0], result[1]       # batch_sizes stay in main memory
    place = lambda leaf: known[id(leaf)] if id(leaf) in known else OnGPU(leaf)
    return tree_map(lambda leaf: place(leaf) if wrap and isinstance(leaf, torch.Tensor) else leaf, result)


def check_one_device(func, args, kwargs):
    """A GPU's rules: one device, except for indices and single numbers (0 axes) that are read from main memory."""
    for argument, value in zip(func._schema.arguments, args, strict=False):
        written = argument.alias_info is not None and argument.alias_info.is_write
        for tensor in tree_flatten(value)[0]:
            if not isinstance(tensor, torch.Tensor):
                continue
            on_gpu, packet = isinstance(tensor, OnGPU), func.overloadpacket
            if packet in LENGTHS_ON_THE_CPU and argument.name in ("lengths", "batch_sizes"):
                wrong = on_gpu
            elif packet in INDEXED and argument.name == "indices":
                wrong = on_gpu and not isinstance(args[0], OnGPU)
            else:
                wrong = not on_gpu and (tensor.dim() > 0 or written)
            if wrong:
                raise RuntimeError(f"{func}: Expected all tensors to be on the same device, but {argument.name} "
                                   f"{tuple(tensor.shape)} is on the {'GPU' if on_gpu else 'cpu'}")
