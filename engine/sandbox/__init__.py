"""The confined execution of model code: a zygote, what confines its children, and the supervisor that decides."""
