"""What a flow may mean and yet not do. Each check gives faults without lines; `checking` asks all."""
