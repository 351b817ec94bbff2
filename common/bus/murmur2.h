/*
 * murmur2: the hash by which Kafka's Java client places a key on a partition. Pure.
 * [src: apache/kafka:clients/src/main/java/org/apache/kafka/common/utils/Utils.java]
 */
#ifndef BUS_MURMUR2_H
#define BUS_MURMUR2_H

#include "base/base.h"

/* Utils.murmur2 with its seed 0x9747b28c. data may be NULL when n is 0. */
uint32_t murmur2(const void *data, size_t n);

#endif
