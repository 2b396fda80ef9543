"""Recurrent layers that are Keras' own to use, and faster to train."""

from suite.recurrent.attention import AdditiveAttention, DotAttention
from suite.recurrent.attention_decoder import AttentionDecoder
from suite.recurrent.attention_pooling import AttentionPooling
from suite.recurrent.bidirectional import Bidirectional
from suite.recurrent.cells import LayerNormLSTMCell, ZoneoutCell
from suite.recurrent.compact_cell import CompactLSTMCell
from suite.recurrent.compact_lstm import CompactLSTM
from suite.recurrent.gru import GRU, GRUState
from suite.recurrent.indy_lstm import IndyLSTM
from suite.recurrent.lstm import LSTM, LSTMState
from suite.recurrent.min_gru import MinGRU, MinGRUState
from suite.recurrent.min_lstm import MinLSTM, MinLSTMState
from suite.recurrent.policy import compilation
from suite.recurrent.pooling import LastPooling, MaxMeanPooling, make_pooling
from suite.recurrent.rg_lru import RGLRU, RGLRUState
from suite.recurrent.rnn import RNN
from suite.recurrent.seg_rnn import SegRNN
from suite.recurrent.simple_rnn import SimpleRNN, SimpleRNNState
from suite.recurrent.stack import recurrent_stack
from suite.recurrent.swap import from_keras, to_keras
from suite.recurrent.transformer import TransformerEncoder

__all__ = [
    "GRU",
    "LSTM",
    "RGLRU",
    "RNN",
    "AdditiveAttention",
    "AttentionDecoder",
    "AttentionPooling",
    "Bidirectional",
    "CompactLSTM",
    "CompactLSTMCell",
    "DotAttention",
    "GRUState",
    "IndyLSTM",
    "LSTMState",
    "LastPooling",
    "LayerNormLSTMCell",
    "MaxMeanPooling",
    "MinGRU",
    "MinGRUState",
    "MinLSTM",
    "MinLSTMState",
    "RGLRUState",
    "SegRNN",
    "SimpleRNN",
    "SimpleRNNState",
    "TransformerEncoder",
    "ZoneoutCell",
    "compilation",
    "from_keras",
    "make_pooling",
    "recurrent_stack",
    "to_keras",
]
