"""Tests against real servers, one folder per part of the product."""
