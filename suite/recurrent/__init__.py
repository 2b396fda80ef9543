"""Recurrent layers that are Keras' own to use, and faster to train."""
from suite.recurrent.attention_pooling import AttentionPooling
from suite.recurrent.bidirectional import Bidirectional
from suite.recurrent.gru import GRU
from suite.recurrent.lstm import LSTM
from suite.recurrent.simple_rnn import SimpleRNN
from suite.recurrent.stack import recurrent_stack

__all__ = ["GRU", "LSTM", "AttentionPooling", "Bidirectional", "SimpleRNN", "recurrent_stack"]
