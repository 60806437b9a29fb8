"""Operations that specs do not need and traced modules do."""
