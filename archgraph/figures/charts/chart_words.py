"""The words of charts of growth and memory, by language."""

from collections.abc import Mapping

from archgraph.errors import not_among

CHART_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "params": "parameters",
        "macs": "MACs of one sample",
        "per": "{} MACs per parameter",
        "convolution": "convolution",
        "both": "both",
        "attention": "attention",
        "other": "other",
        "pixels": "pixels",
        "latents": "latents",
        "voxels": "voxels",
        "everywhere": "width, depth",
        "low": "where positions are few",
        "resolution": "resolution",
        "batch": "samples per GPU and step",
        "largest": "largest network that trains on {}, in parameters",
        "ceiling": "weights, gradients, states alone: {}",
        "published": "published",
        "memory": "memory of training, GB",
        "billion": "B",
        "continuous": "width taken as continuous",
        "saved": "the sum of what is saved",
        "live": "the highest moment",
        "weights": "weights",
        "optimizer states": "optimiser states",
        "weight gradients": "gradients of weights",
        "kept by autograd": "kept by autograd",
        "activations": "activations",
        "activation gradients": "gradients of activations",
        "gradients": "gradients of activations",
        "workspace": "workspace",
        "colon": ": ",
        "comma": "; ",
        "settings": "{0.optimizer} ({0.kernel}), {0.dtype}, {0.attention} attention, checkpoint {0.checkpoint}",
    },
    "zh": {
        "params": "参数量",
        "macs": "处理一个样本的 MACs",
        "per": "每个参数 {} MACs",
        "convolution": "卷积",
        "both": "两者都有",
        "attention": "注意力",
        "other": "其他",
        "pixels": "像素",
        "latents": "latent",
        "voxels": "体素",
        "everywhere": "宽度、深度",
        "low": "位置少的层级",
        "resolution": "分辨率",
        "batch": "每块 GPU 每步的样本数",
        "largest": "{} 上能训练的最大网络（参数量）",
        "ceiling": "仅权重、梯度、状态：{}",
        "published": "已发表",
        "memory": "训练所需显存，GB",
        "billion": "B",
        "continuous": "宽度按连续值计",
        "saved": "保存的总和",
        "live": "峰值时刻",
        "weights": "权重",
        "optimizer states": "优化器状态",
        "weight gradients": "权重的梯度",
        "kept by autograd": "autograd 保存的值",
        "activations": "激活",
        "activation gradients": "激活的梯度",
        "gradients": "激活的梯度",
        "workspace": "工作区",
        "colon": "：",
        "comma": "；",
        "settings": "{0.optimizer}（{0.kernel} 核）、{0.dtype}、{0.attention} 注意力、重算 {0.checkpoint}",
    },
}


def chart_words(language: str) -> Mapping[str, str]:
    """Return the words of a language.

    Raises:
        QueryError: there is no such language.

    >>> chart_words("zh")["params"]
    '参数量'
    """
    if language not in CHART_WORDS:
        raise not_among("language", language, CHART_WORDS)
    return CHART_WORDS[language]
