#include "editor/session.h"
#include <gtest/gtest.h>
