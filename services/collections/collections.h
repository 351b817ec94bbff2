/* collections: dunning (COL-02). README.md tells the journey. */
#ifndef OPENITEM_COLLECTIONS_H
#define OPENITEM_COLLECTIONS_H

#include "run/run.h"

extern const struct core collections_core;
extern const struct run_service collections_service;

#endif
