"""What a flow may mean and yet not do, a file a concern. Each check gives faults without lines; `checking` asks all."""
